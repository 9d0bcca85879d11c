import type { Actor } from "@mailbrake/contract";
import type { AuditEntry } from "../../platform/audit-log.ts";

interface Destination {
  name: string;
  address: string;
  port: number;
}
const place = (to: Destination) => `${to.name} (${to.address} port ${to.port})`;

export const enrolmentEvents = {
  askedBySsh: (actor: Actor, to: Destination, user: string, fingerprint: string): AuditEntry => ({
    actor,
    action: "host.enrolment-asked",
    target: `host-name:${to.name}`,
    summary: `${actor.name} asked to enrol ${place(to)} over SSH as ${user}, with host key ${fingerprint}`,
    data: { ...to, user, fingerprint, way: "ssh" },
  }),
  failed: (actor: Actor, to: Destination, code: string, detail: string): AuditEntry => ({
    actor,
    action: "host.enrolment-failed",
    target: `host-name:${to.name}`,
    summary: `${place(to)} was not enrolled: ${detail}`,
    data: { ...to, code, detail },
  }),
  linkMade: (actor: Actor, enrolmentId: string, to: Destination, expiresAt: Date): AuditEntry => ({
    actor,
    action: "host.enrolment-asked",
    target: `enrolment:${enrolmentId}`,
    summary: `${actor.name} made a one-time enrolment command for ${place(to)}`,
    data: { ...to, expiresAt: expiresAt.toISOString(), way: "command" },
  }),
  scriptTaken: (enrolmentId: string, to: Destination, from: string): AuditEntry => ({
    actor: { kind: "host", id: enrolmentId, name: to.name },
    action: "host.enrolment-script-taken",
    target: `enrolment:${enrolmentId}`,
    summary: `The enrolment script for ${to.name} was taken from ${from}`,
    data: { from },
  }),
  reported: (
    enrolmentId: string,
    to: Destination,
    data: { from: string; version: string; user: string; fingerprints: string[] },
  ): AuditEntry => ({
    actor: { kind: "host", id: enrolmentId, name: to.name },
    action: "host.enrolment-reported",
    target: `enrolment:${enrolmentId}`,
    summary: `A host reported from ${data.from} that agent ${data.version} is installed, for ${to.name}`,
    data,
  }),
  enrolled: (
    actor: Actor,
    host: Destination & { id: string; user: string; fingerprint: string; agentVersion: string },
    { way, again }: { way: "ssh" | "command"; again: boolean },
  ): AuditEntry => ({
    actor,
    action: "host.enrolled",
    target: `host:${host.id}`,
    summary: `${actor.name} enrolled ${place(host)} ${again ? "again, " : ""}with host key ${host.fingerprint}`,
    data: {
      name: host.name,
      address: host.address,
      port: host.port,
      user: host.user,
      fingerprint: host.fingerprint,
      agentVersion: host.agentVersion,
      way,
      again,
    },
  }),
};
