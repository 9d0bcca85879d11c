/** One dialogue with the point of an application, from here or from the host itself where only it reaches the listener. */

import type { BlockPointKind } from "@mailbrake/contract";
import { type ProbeTarget, probeTargetSchema } from "@mailbrake/contract";
import { provable } from "@mailbrake/domain";
import type { Fleet } from "@mailbrake/fleet";
import { type ApplicationRow, effectOf, readMatch } from "./application-row.ts";
import { probeEnvelope } from "./probe-envelope.ts";
import { type DialogueStage, type SmtpDialogueResult, smtpDialogue } from "./smtp-dialogue.ts";

export function probeTargetOf(row: { blockPoint: { probe: string | null } }): ProbeTarget | null {
  return row.blockPoint.probe === null ? null : probeTargetSchema.parse(JSON.parse(row.blockPoint.probe));
}

/** Whether a dialogue can show this application, and why. */
export function provabilityOf(
  row: Pick<ApplicationRow, "hostId" | "effect"> & {
    brake: { effect: string; match: string };
    blockPoint: { kind: string; probe: string | null };
  },
  fleet: Pick<Fleet, "link">,
): { provable: boolean; why: string } {
  const target = probeTargetOf(row);
  const fromHost = target !== null && probeEnvelope(target, [], "").fromHost;
  return provable({
    effect: effectOf(row),
    match: readMatch(row.brake.match),
    kind: row.blockPoint.kind as BlockPointKind,
    hasProbeTarget: target !== null,
    proberAddress: fromHost ? "127.0.0.1" : fleet.link(row.hostId).managementAddress,
  });
}

export async function takeProbe(row: ApplicationRow, fleet: Fleet): Promise<SmtpDialogueResult> {
  const target = probeTargetOf(row);
  if (target === null) throw new Error(`block point ${row.blockPointId} has no probe target`);
  const envelope = probeEnvelope(target, readMatch(row.brake.match), row.host.address);
  if (!envelope.fromHost) return smtpDialogue(envelope);
  const answer = await fleet.request(
    row.hostId,
    "probe",
    {
      instance: row.blockPoint.instance.instance,
      point: row.blockPoint.point,
      sender: envelope.sender,
      recipient: envelope.recipient,
    },
    { channel: "observe", timeoutMs: 40_000 },
  );
  const none: SmtpDialogueResult = { dialogue: [], stage: "connect", code: 0, reply: "", failure: "unreachable" };
  switch (answer.outcome) {
    case "answered": {
      const { dialogue, code, reply } = answer.answer;
      return { dialogue, stage: stageOf(dialogue), code, reply, failure: code === 0 ? "refused" : null };
    }
    case "refused":
      return { ...none, reply: `the host could not probe: ${answer.failure.message}` };
    case "unreachable":
    case "unknown":
      return { ...none, reply: `the host could not be asked to probe: ${answer.detail}` };
  }
}

function stageOf(dialogue: SmtpDialogueResult["dialogue"]): DialogueStage {
  const said = dialogue.filter(({ from }) => from === "client").map(({ text }) => text.toUpperCase());
  if (said.some((text) => text.startsWith("RCPT"))) return "rcpt";
  if (said.some((text) => text.startsWith("MAIL"))) return "mail";
  if (said.some((text) => /^(EHLO|HELO)/.test(text))) return "ehlo";
  return dialogue.length > 0 ? "banner" : "connect";
}
