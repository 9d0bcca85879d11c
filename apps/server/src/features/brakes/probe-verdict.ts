/** What a dialogue shows about one brake. Decides, and does nothing. */
import type { Effect, EvidenceView } from "@mailbrake/contract";
import type { SmtpDialogueResult } from "./smtp-dialogue.ts";

export interface ProbeVerdict {
  verdict: EvidenceView["verdict"];
  summary: string;
}

const classOf: Partial<Record<Effect, string>> = { tempfail: "4", reject: "5" };

/**
 * In force: the reply has the effect's class and carries this brake's reference. Open: the door answered at RCPT without it. Everything else shows nothing.
 * @param ref the brake's reference, as the agent puts it into the reply: `(ref K7QW2M)`
 */
export function probeVerdict(effect: Effect, ref: string, result: SmtpDialogueResult): ProbeVerdict {
  const said = result.reply.split("\n").at(-1)?.slice(0, 300) ?? "";
  const words = (verdict: ProbeVerdict["verdict"], summary: string): ProbeVerdict => ({ verdict, summary });
  const carries = new RegExp(`\\bref ${ref}\\b`).test(result.reply);

  if (result.code > 0 && carries) {
    const expected = classOf[effect];
    const fits = expected === undefined ? result.code >= 400 : String(result.code).startsWith(expected);
    return fits
      ? words("in-force", `A probe was answered: ${said}`)
      : words("inconclusive", `A probe was answered with this brake's reference, but not with ${expected}xx: ${said}`);
  }
  if (effect === "close") {
    if (result.failure === "refused") return words("in-force", "A probe got no connection: refused.");
    if (result.code >= 200 && result.code < 300) return words("open", `The listener takes connections: ${said}`);
  }
  if (result.failure === "refused") return words("inconclusive", "A probe got no connection: refused.");
  if (result.failure !== null) return words("inconclusive", `The probe came as far as ${result.stage}: ${said}`);
  const other = /\bref ([A-Z0-9]{4,12})\b/.exec(result.reply)?.[1];
  if (other !== undefined) return words("inconclusive", `Another brake (ref ${other}) answers here: ${said}`);
  if (result.stage !== "rcpt")
    return words("inconclusive", `The listener ended the dialogue at ${result.stage}: ${said}`);
  return words("open", `A probe was answered without this brake's reference: ${said}`);
}
