/** Evidence of an application: the newest 20 are kept, and one that says the same as the one before takes its place. */

import {
  type Checked,
  checkedSchema,
  type DialogueLine,
  dialogueLineSchema,
  type EvidenceView,
  type Readback,
  readbackSchema,
} from "@mailbrake/contract";
import { z } from "zod";
import { newId } from "../../platform/new-id.ts";
import type { StoreTransaction } from "../../platform/store.ts";

export interface NewEvidence {
  kind: EvidenceView["kind"];
  verdict: EvidenceView["verdict"];
  summary: string;
  takenAt: Date;
  readback?: readonly Readback[];
  checked?: readonly Checked[];
  dialogue?: readonly DialogueLine[];
}

const keptEvidence = 20;
export const shownEvidence = 10;

const bodySchema = z.object({
  readback: z.array(readbackSchema).default([]),
  checked: z.array(checkedSchema).default([]),
  dialogue: z.array(dialogueLineSchema).default([]),
});

/** Adds evidence in the caller's transaction. A probe that sees what the newest of its kind saw renews that one. */
export async function addEvidence(
  transaction: StoreTransaction,
  applicationId: string,
  evidence: NewEvidence,
): Promise<void> {
  const { kind, verdict, takenAt } = evidence;
  const data = {
    kind,
    verdict,
    takenAt,
    summary: evidence.summary.slice(0, 2_000),
    body: JSON.stringify({
      readback: evidence.readback ?? [],
      checked: evidence.checked ?? [],
      dialogue: evidence.dialogue ?? [],
    }),
  };
  const earlier = await transaction.evidence.findMany({
    where: { applicationId },
    orderBy: [{ takenAt: "desc" }, { id: "desc" }],
    select: { id: true, kind: true, verdict: true },
  });
  const newestOfKind = earlier.find((row) => row.kind === kind);
  if (kind !== "readback" && newestOfKind?.verdict === verdict) {
    await transaction.evidence.update({ where: { id: newestOfKind.id }, data });
    return;
  }
  await transaction.evidence.create({ data: { id: newId(), applicationId, ...data } });
  const tooOld = earlier.slice(keptEvidence - 1).map(({ id }) => id);
  if (tooOld.length > 0) await transaction.evidence.deleteMany({ where: { id: { in: tooOld } } });
}

export function evidenceView(row: {
  id: string;
  kind: string;
  verdict: string;
  summary: string;
  takenAt: Date;
  body: string;
}): EvidenceView {
  return {
    id: row.id,
    kind: row.kind as EvidenceView["kind"],
    verdict: row.verdict as EvidenceView["verdict"],
    summary: row.summary,
    takenAt: row.takenAt.toISOString(),
    ...bodySchema.parse(JSON.parse(row.body)),
  };
}
