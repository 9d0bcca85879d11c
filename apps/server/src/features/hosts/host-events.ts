import type { Actor } from "@mailbrake/contract";
import type { AuditEntry } from "../../platform/audit-log.ts";

interface NamedHost {
  id: string;
  name: string;
}

/** What the server does by itself. */
export const serverActor: Actor = { kind: "system", id: "hosts", name: "Mailbrake" };

/** The actions that tell how the link stands; the newest of them is what was last told. */
export const linkActions = {
  "host.reachable": "connected",
  "host.unreachable": "unreachable",
  "host.key-changed": "key-changed",
  "host.key-pinned": "connected",
  "host.enrolled": "connected",
} as const;

const about = (host: NamedHost) => `host:${host.id}`;

export const hostEvents = {
  reachable: (host: NamedHost): AuditEntry => ({
    actor: serverActor,
    action: "host.reachable",
    target: about(host),
    summary: `${host.name} is reachable again`,
  }),
  unreachable: (host: NamedHost, detail: string): AuditEntry => ({
    actor: serverActor,
    action: "host.unreachable",
    target: about(host),
    summary: `${host.name} is unreachable: ${detail}`,
    data: { detail },
  }),
  keyChanged: (host: NamedHost, detail: string): AuditEntry => ({
    actor: serverActor,
    action: "host.key-changed",
    target: about(host),
    summary: `${host.name} shows another host key; nothing is sent to it until an admin pins a key: ${detail}`,
    data: { detail },
  }),
  keyPinned: (actor: Actor, host: NamedHost, before: string, after: string): AuditEntry => ({
    actor,
    action: "host.key-pinned",
    target: about(host),
    summary: `${actor.name} pinned host key ${after} for ${host.name}`,
    data: { before, after },
  }),
  keyNotPinned: (actor: Actor, host: NamedHost, confirmed: string, shown: string): AuditEntry => ({
    actor,
    action: "host.key-pin-refused",
    target: about(host),
    summary: `${actor.name} confirmed ${confirmed} for ${host.name}, which shows ${shown}: nothing was pinned`,
    data: { confirmed, shown },
  }),
  discovered: (
    actor: Actor,
    host: NamedHost,
    data: { instances: number; points: number; added: string[]; gone: string[] },
  ): AuditEntry => ({
    actor,
    action: "host.discovered",
    target: about(host),
    summary: `${host.name} has ${data.instances} instances and ${data.points} block points; ${data.added.length} new, ${data.gone.length} gone`,
    data,
  }),
  removed: (actor: Actor, host: NamedHost, reason: string): AuditEntry => ({
    actor,
    action: "host.removed",
    target: about(host),
    summary: `${actor.name} removed ${host.name}: ${reason}`,
    data: { name: host.name, reason },
  }),
};

interface PlacedInstance {
  id: string;
  instance: string;
  host: { name: string };
}
export type ArmVerb = "arm" | "disarm";

export const armingEvents = {
  asked: (actor: Actor, verb: ArmVerb, at: PlacedInstance): AuditEntry => ({
    actor,
    action: `instance.${verb}-asked`,
    target: `instance:${at.id}`,
    summary: `${actor.name} asked to ${verb} ${at.instance} on ${at.host.name}`,
  }),
  done: (actor: Actor, verb: ArmVerb, at: PlacedInstance, outcome: string, readback: unknown): AuditEntry => ({
    actor,
    action: `instance.${verb}ed`,
    target: `instance:${at.id}`,
    summary: `${at.instance} on ${at.host.name} answered ${outcome}`,
    data: { outcome, readback },
  }),
  notDone: (actor: Actor, verb: ArmVerb, at: PlacedInstance, outcome: string, detail: string): AuditEntry => ({
    actor,
    action: `instance.${verb}-failed`,
    target: `instance:${at.id}`,
    summary: `${verb} ${at.instance} on ${at.host.name}: ${outcome}; ${detail}`,
    data: { outcome, detail },
  }),
};
