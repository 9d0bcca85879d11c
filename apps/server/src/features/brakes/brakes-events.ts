/** The audit events of brakes: action names, and one sentence each for people. */
import type { Actor } from "@mailbrake/contract";
import { matchInWords } from "@mailbrake/domain";
import type { AuditEntry } from "../../platform/audit-log.ts";
import { type ApplicationRow, effectOf, placeInWords, readMatch } from "./application-row.ts";

/** What the server does by itself. */
export const executorActor: Actor = { kind: "system", id: "executor", name: "Mailbrake" };

export const hostActor = (host: { id: string; name: string }, by = ""): Actor => ({
  kind: "host",
  id: host.id,
  name: (by === "" ? host.name : `${by} on ${host.name}`).slice(0, 120),
});

type WithBrake = { ref: string; effect: string; match: string };
const brakeInWords = (brake: WithBrake) => `${brake.effect} ${matchInWords(readMatch(brake.match))} (ref ${brake.ref})`;

const bounded = (text: string) => text.slice(0, 1_000);

export function brakeEvent(
  action: "brake.asked" | "brake.lift-asked" | "brake.extended" | "brake.refused" | "brake.made-on-host",
  actor: Actor,
  brake: WithBrake & { id: string },
  more: { what: string; data?: unknown },
): AuditEntry {
  return {
    actor,
    action,
    target: `brake:${brake.id}`,
    summary: bounded(`${brakeInWords(brake)}: ${more.what}`),
    data: { ref: brake.ref, effect: brake.effect, match: readMatch(brake.match), ...(more.data as object | undefined) },
  };
}

/** A brake that never came to be: there is no id, so the target says so. */
export function refusedOrderEvent(actor: Actor, why: string, data: unknown): AuditEntry {
  return { actor, action: "brake.refused", target: "brake:none", summary: bounded(`Brake refused: ${why}`), data };
}

export type ApplicationAction =
  | "application.applied"
  | "application.proved"
  | "application.unknown"
  | "application.unreachable"
  | "application.refused"
  | "application.lifted"
  | "application.opened"
  | "application.expired"
  | "application.drifted"
  | "application.retried";

export function applicationEvent(
  action: ApplicationAction,
  row: ApplicationRow,
  more: { what: string; actor?: Actor; data?: unknown },
): AuditEntry {
  return {
    actor: more.actor ?? executorActor,
    action,
    target: `application:${row.id}`,
    summary: bounded(`${placeInWords(row)}: ${brakeInWords({ ...row.brake, effect: effectOf(row) })}: ${more.what}`),
    data: {
      brakeId: row.brakeId,
      ref: row.brake.ref,
      hostId: row.hostId,
      blockPointId: row.blockPointId,
      orderNumber: row.orderNumber,
      wanted: row.wanted,
      ...(more.data as object | undefined),
    },
  };
}
