import type { Actor } from "@mailbrake/contract";
import type { AuditEntry } from "../../platform/audit-log.ts";

interface PlacedPoint {
  id: string;
  label: string;
  host: { name: string };
}

const place = (point: PlacedPoint) => `${point.label} on ${point.host.name}`;

export const catalogueEvents = {
  roleChanged: (actor: Actor, point: PlacedPoint, before: string | null, after: string | null): AuditEntry => ({
    actor,
    action: "block-point.role-changed",
    target: `block-point:${point.id}`,
    summary: `${actor.name} changed the role of ${place(point)} from ${before ?? "none"} to ${after ?? "none"}`,
    data: { before, after },
  }),
  /** The text itself is in the catalogue; the event says how long it was and is, and its links. */
  runbookChanged: (
    actor: Actor,
    point: PlacedPoint,
    before: { noteLength: number; links: string[] },
    after: { noteLength: number; links: string[] },
  ): AuditEntry => ({
    actor,
    action: "block-point.runbook-changed",
    target: `block-point:${point.id}`,
    summary: `${actor.name} changed the runbook of ${place(point)}`,
    data: { before, after },
  }),
  replanned: (actor: Actor, point: PlacedPoint): AuditEntry => ({
    actor,
    action: "block-point.replanned",
    target: `block-point:${point.id}`,
    summary: `${actor.name} had the manual commands of ${place(point)} taken anew from the agent`,
  }),
};
