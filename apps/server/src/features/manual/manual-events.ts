/** The audit events of doors by hand. All of them are about the door, so that its story is read in one place. */
import type { Actor, ExternalPointRequest, ManualMechanismRequest } from "@mailbrake/contract";
import type { AuditEntry } from "../../platform/audit-log.ts";

interface Door {
  id: string;
  name: string;
}
interface PlacedMechanism {
  id: string;
  name: string;
  externalPoint: Door;
}
interface RunRecord {
  id: string;
  externalPointId: string;
  manualMechanismId: string;
  pointName: string;
  mechanismName: string;
}

const bounded = (text: string) => text.slice(0, 1_000);
const target = (door: { id: string }) => `external-point:${door.id}`;

export function externalPointEvent(
  what: "added" | "changed" | "removed",
  actor: Actor,
  door: Door,
  data: { before?: ExternalPointRequest; after?: ExternalPointRequest; reason?: string },
): AuditEntry {
  const why = data.reason === undefined ? "" : `: ${data.reason}`;
  return {
    actor,
    action: `external-point.${what}`,
    target: target(door),
    summary: bounded(`${actor.name} ${what} the door by hand ${door.name}${why}`),
    data,
  };
}

export function manualMechanismEvent(
  what: "added" | "changed" | "removed",
  actor: Actor,
  mechanism: PlacedMechanism,
  data: { before?: ManualMechanismRequest; after?: ManualMechanismRequest; reason?: string },
): AuditEntry {
  const why = data.reason === undefined ? "" : `: ${data.reason}`;
  return {
    actor,
    action: `manual-mechanism.${what}`,
    target: target(mechanism.externalPoint),
    summary: bounded(`${actor.name} ${what} the steps “${mechanism.name}” at ${mechanism.externalPoint.name}${why}`),
    data: { manualMechanismId: mechanism.id, ...data },
  };
}

export type ManualRunAct =
  | "started"
  | "ticked"
  | "unticked"
  | "said-on"
  | "undo-asked"
  | "said-lifted"
  | "given-up"
  | "refused";

/** @param what what the person did or said, after their name */
export function manualRunEvent(
  act: ManualRunAct,
  actor: Actor,
  run: RunRecord,
  what: string,
  data: object = {},
): AuditEntry {
  return {
    actor,
    action: `manual-run.${act}`,
    target: target({ id: run.externalPointId }),
    summary: bounded(`${run.pointName}, “${run.mechanismName}”: ${actor.name} ${what}`),
    data: { manualRunId: run.id, manualMechanismId: run.manualMechanismId, ...data },
  };
}
