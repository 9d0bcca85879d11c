import type { BlockPointKind, Effect, Match } from "@mailbrake/contract";
import { networkHolds } from "./network.ts";

export interface ProvableInput {
  effect: Effect;
  match: readonly Match[];
  kind: BlockPointKind;
  /** The point has a place to speak SMTP to. */
  hasProbeTarget: boolean;
  /** Address from which the probe comes, as the host sees it; null while not known. */
  proberAddress: string | null;
}

/** Whether an SMTP dialogue that ends before DATA can show the brake; `why` is shown beside it either way. */
export function provable(input: ProvableInput): { provable: boolean; why: string } {
  const no = (why: string) => ({
    provable: false,
    why: `${why} The host's own configuration, read back, is the evidence.`,
  });
  switch (input.effect) {
    case "hold":
      return no("A held message is accepted like any other, so a dialogue can't show the hold.");
    case "discard":
      return no("A discarded message is accepted like any other, so a dialogue can't show the discard.");
    case "throttle":
      return no("A rate shows only under load.");
    case "pause":
      return no("Delivery is inside the host; no dialogue sees it.");
    case "tempfail":
    case "reject":
    case "close":
      break;
  }
  if (input.kind === "local") return no("Local submission speaks no SMTP.");
  if (input.kind !== "listener") return no("There is no SMTP listener here.");
  if (!input.hasProbeTarget) return no("The host named no address to probe.");
  for (const { kind, value } of input.match) {
    if (kind === "login") return no("The probe has no login there.");
    if (kind === "client" && (input.proberAddress === null || !networkHolds(value, input.proberAddress)))
      return no(`The probe does not come from ${value}.`);
  }
  return {
    provable: true,
    why:
      input.effect === "close"
        ? "A probe sees that the listener takes no connection."
        : "A probe sees the reply with this brake's reference, before any mail is sent.",
  };
}
