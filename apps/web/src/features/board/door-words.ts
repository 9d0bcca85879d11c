import type { BlockPointView } from "@mailbrake/contract";
import { matchInWords } from "@mailbrake/domain";

/** Whether one of the brakes here is on all mail. */
export function isBrakedForAll({ active }: Pick<BlockPointView, "active">): boolean {
  return active.some(({ match }) => match === matchInWords([{ kind: "all", value: "" }]));
}

/** What a door is, in one to three words. A brake on part of the mail is not shown as if the door were shut. */
export function doorInWords(point: Pick<BlockPointView, "door" | "active" | "kind">): string {
  switch (point.door) {
    case "open":
      return point.kind === "delivery" ? "Delivering" : "Open";
    case "braked":
      if (point.kind === "delivery") return "Paused";
      return isBrakedForAll(point) ? "Braked" : "Braked in part";
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
