import { createHash } from "node:crypto";
import type { Actor, AuditEvent } from "@mailbrake/contract";
import { canonicalJson } from "./canonical-json.ts";

/** The `previousHash` of the first event. */
export const firstPreviousHash = "0".repeat(64);

/** Where the chain ends. */
export interface ChainHead {
  sequence: number;
  hash: string;
}

export interface ChainEntry {
  /** ISO 8601, UTC */
  at: string;
  actor: Actor;
  action: string;
  target: string;
  summary: string;
  /** Canonical JSON text. */
  data: string;
}

/** SHA-256 in hex over the canonical JSON of everything in the event but its own hash. */
export function hashEvent(event: Omit<AuditEvent, "hash">): string {
  const { sequence, at, actor, action, target, summary, data, previousHash } = event;
  const { kind, id, name } = actor;
  const covered = { sequence, at, actor: { kind, id, name }, action, target, summary, data, previousHash };
  return createHash("sha256").update(canonicalJson(covered), "utf8").digest("hex");
}

/** The event that comes after `head` (null: the first of all). */
export function chainEvent(head: ChainHead | null, entry: ChainEntry): AuditEvent {
  const event = {
    sequence: (head?.sequence ?? 0) + 1,
    ...entry,
    previousHash: head?.hash ?? firstPreviousHash,
  };
  return { ...event, hash: hashEvent(event) };
}
