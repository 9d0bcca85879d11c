/** Rows of doors by hand as the API gives them; JSON columns are parsed here and nowhere else. */
import {
  type ExternalPointDetail,
  type ExternalPointView,
  effectSchema,
  entryPointRoleSchema,
  type ManualMechanismRequest,
  type ManualMechanismView,
  type ManualPart,
  type ManualRunSummary,
  type ManualRunView,
  runbookLinkSchema,
} from "@mailbrake/contract";
import { confirmationWord, manualRunState } from "@mailbrake/domain";
import { z } from "zod";
import type { ExternalPointRow, ManualMechanismRow, ManualRunRow } from "./manual-store.ts";

const storedSteps = z.array(z.string());
const storedLinks = z.array(runbookLinkSchema);
const iso = (time: Date | null) => time?.toISOString() ?? null;

export function manualRunSummary(row: ManualRunRow): ManualRunSummary {
  const of = (part: ManualPart) => row.steps.filter((step) => step.part === part);
  const ticked = (part: ManualPart) => of(part).filter(({ tickedAt }) => tickedAt !== null).length;
  return {
    id: row.id,
    manualMechanismId: row.manualMechanismId,
    pointName: row.pointName,
    mechanismName: row.mechanismName,
    effect: effectSchema.parse(row.effect),
    state: manualRunState(row),
    reason: row.reason,
    startedAt: row.startedAt.toISOString(),
    startedBy: row.startedBy,
    applyTicked: ticked("apply"),
    applyTotal: of("apply").length,
    undoTicked: ticked("undo"),
    undoTotal: of("undo").length,
    saidOnAt: iso(row.saidOnAt),
    saidOnBy: row.saidOnBy,
    undoAskedAt: iso(row.undoAskedAt),
    undoAskedBy: row.undoAskedBy,
    undoReason: row.undoReason,
    endedAt: iso(row.endedAt),
    endedBy: row.endedBy,
    giveUpReason: row.giveUpReason,
    leftAs: row.leftAs,
  };
}

export function manualRunView(row: ManualRunRow): ManualRunView {
  const steps = (part: ManualPart) =>
    row.steps
      .filter((step) => step.part === part)
      .map(({ id, text, tickedAt, tickedBy }) => ({ id, text, tickedAt: iso(tickedAt), tickedBy }));
  return {
    ...manualRunSummary(row),
    senderSees: row.senderSees,
    losesMail: row.losesMail,
    applySteps: steps("apply"),
    undoSteps: steps("undo"),
  };
}

/** What a person wrote down, as it stands in the row. */
export function mechanismContent(row: Omit<ManualMechanismRow, "runs">): ManualMechanismRequest {
  return {
    name: row.name,
    effect: effectSchema.parse(row.effect),
    senderSees: row.senderSees,
    losesMail: row.losesMail,
    applySteps: storedSteps.parse(JSON.parse(row.applySteps)),
    undoSteps: storedSteps.parse(JSON.parse(row.undoSteps)),
    links: storedLinks.parse(JSON.parse(row.links)),
  };
}

function mechanismView(row: ManualMechanismRow): ManualMechanismView {
  const content = mechanismContent(row);
  const [run] = row.runs;
  return {
    id: row.id,
    ...content,
    confirmationWord: confirmationWord(content.effect, content.losesMail),
    updatedAt: row.updatedAt.toISOString(),
    updatedBy: row.updatedBy,
    standing: run === undefined ? null : manualRunView(run),
  };
}

const roleOf = (row: ExternalPointRow) => (row.role === null ? null : entryPointRoleSchema.parse(row.role));

export function externalPointView(row: ExternalPointRow): ExternalPointView {
  const { id, name, note } = row;
  const mechanisms = row.mechanisms.map((mechanism) => {
    const [run] = mechanism.runs;
    return {
      id: mechanism.id,
      name: mechanism.name,
      effect: effectSchema.parse(mechanism.effect),
      standing: run === undefined ? null : manualRunSummary(run),
    };
  });
  return { id, name, note, role: roleOf(row), mechanisms };
}

export function externalPointDetail(row: ExternalPointRow): ExternalPointDetail {
  const { id, name, note, updatedBy } = row;
  return {
    id,
    name,
    note,
    role: roleOf(row),
    updatedAt: row.updatedAt.toISOString(),
    updatedBy,
    mechanisms: row.mechanisms.map(mechanismView),
  };
}
