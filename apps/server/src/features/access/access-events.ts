/** The audit events of this slice. */
import type { Actor, UserRole } from "@mailbrake/contract";
import type { AuditEntry } from "../../platform/audit-log.ts";

const signInActor: Actor = { kind: "system", id: "sign-in", name: "Sign-in" };

interface Person {
  id: string;
  name: string;
  email: string;
}

const asActor = (person: Person): Actor => ({ kind: "user", id: person.id, name: person.name });

export const accessEvents = {
  setUp: (admin: Person): AuditEntry => ({
    actor: { kind: "setup", id: "setup", name: "Set-up link" },
    action: "access.set-up",
    target: `user:${admin.id}`,
    summary: `The first admin, ${admin.name} <${admin.email}>, was made with the set-up link.`,
    data: { email: admin.email },
  }),
  signedIn: (person: Person, address: string): AuditEntry => ({
    actor: asActor(person),
    action: "access.signed-in",
    target: `user:${person.id}`,
    summary: `${person.name} signed in from ${address}.`,
    data: { address },
  }),
  signInFailed: (email: string, person: Person | null, address: string): AuditEntry => ({
    actor: signInActor,
    action: "access.sign-in-failed",
    target: person ? `user:${person.id}` : `address:${email.slice(0, 100)}`,
    summary: `A sign-in as ${email} from ${address} failed.`,
    data: { address, email },
  }),
  signedOut: (actor: Actor): AuditEntry => ({
    actor,
    action: "access.signed-out",
    target: `user:${actor.id}`,
    summary: `${actor.name} signed out.`,
  }),
  passwordChanged: (actor: Actor): AuditEntry => ({
    actor,
    action: "access.password-changed",
    target: `user:${actor.id}`,
    summary: `${actor.name} changed the password; other sessions were ended.`,
  }),
  passwordChangeRefused: (actor: Actor): AuditEntry => ({
    actor,
    action: "access.password-change-refused",
    target: `user:${actor.id}`,
    summary: `${actor.name} gave a wrong current password.`,
  }),
  passwordReset: (person: Person): AuditEntry => ({
    actor: { kind: "setup", id: "console", name: "Console of the server" },
    action: "access.password-reset",
    target: `user:${person.id}`,
    summary: `${person.name} <${person.email}> was given a new password on the server's console and may sign in.`,
    data: { email: person.email },
  }),
  userMade: (actor: Actor, person: Person, role: UserRole): AuditEntry => ({
    actor,
    action: "access.user-made",
    target: `user:${person.id}`,
    summary: `${person.name} <${person.email}> was made ${role}.`,
    data: { email: person.email, role },
  }),
  userChanged: (actor: Actor, person: Person, change: { role: string; disabled: boolean }): AuditEntry => ({
    actor,
    action: "access.user-changed",
    target: `user:${person.id}`,
    summary: `${person.name} <${person.email}> is now ${change.role}${change.disabled ? ", disabled" : ""}.`,
    data: change,
  }),
  userChangeRefused: (actor: Actor, person: Person, why: string): AuditEntry => ({
    actor,
    action: "access.user-change-refused",
    target: `user:${person.id}`,
    summary: `A change of ${person.name} <${person.email}> was refused: ${why}`,
  }),
  refused: (person: Person, method: string, route: string, needed: UserRole, role: UserRole): AuditEntry => ({
    actor: asActor(person),
    action: "access.refused",
    target: `route:${method} ${route}`.slice(0, 120),
    summary: `${person.name} asked for what needs the role ${needed}, having ${role}.`,
    data: { method, route, needed, role },
  }),
};
