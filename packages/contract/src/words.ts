import { z } from "zod";

/** The words of the field, one for one thing. The order is the order on screen: what keeps mail safe first. */
export const effects = ["tempfail", "reject", "discard", "hold", "throttle", "close", "pause"] as const;
export const effectSchema = z.enum(effects);
export type Effect = z.infer<typeof effectSchema>;

export const matchKinds = ["all", "client", "helo", "sender", "recipient", "login"] as const;
export const matchKindSchema = z.enum(matchKinds);
export type MatchKind = z.infer<typeof matchKindSchema>;

export const blockPointKinds = ["listener", "local", "delivery", "external"] as const;
export const blockPointKindSchema = z.enum(blockPointKinds);
export type BlockPointKind = z.infer<typeof blockPointKindSchema>;

export const entryPointRoles = [
  "inbound-mx",
  "submission",
  "relay",
  "local",
  "list",
  "backup-mx",
  "webmail",
  "application",
] as const;
export const entryPointRoleSchema = z.enum(entryPointRoles);
export type EntryPointRole = z.infer<typeof entryPointRoleSchema>;

export const userRoles = ["viewer", "operator", "admin"] as const;
export const userRoleSchema = z.enum(userRoles);
export type UserRole = z.infer<typeof userRoleSchema>;

/** Each answer of a host to an order, matched exhaustively. `unknown`: the connection went after the line was sent. */
export const hostOutcomes = ["applied", "lifted", "already", "refused", "unreachable", "unknown"] as const;
export const hostOutcomeSchema = z.enum(hostOutcomes);
export type HostOutcome = z.infer<typeof hostOutcomeSchema>;

/** Limits on every string that crosses a boundary, in characters (the agent's are in bytes: docs/protocol.md). */
export const limits = {
  idLength: 40,
  nameLength: 80,
  reasonLength: 300,
  replyTextLength: 200,
  addressLength: 320,
  matchLength: 400,
  noteLength: 20_000,
  urlLength: 2_000,
  pageSize: 100,
  maximumExpirySeconds: 31_536_000,
} as const;
