import type { BlockPointView } from "@mailbrake/contract";

/** What a door is, in one to three words. A brake on part of the mail is not shown as if the door were shut. */
export function doorInWords(point: Pick<BlockPointView, "door" | "active" | "kind">): string {
  switch (point.door) {
    case "open":
      return point.kind === "delivery" ? "Delivering" : "Open";
    case "braked":
      if (point.kind === "delivery") return "Paused";
      return point.active.some(({ match }) => match === "all" || match === "all mail") ? "Braked" : "Braked in part";
    case "changing":
      return "Changing";
    case "drifted":
      return "Drifted";
    case "unknown":
      return "Unknown";
    case "gone":
      return "Gone";
  }
}
