import type { Actor, AuditEvent } from "@mailbrake/contract";
import type { TransactionScope } from "./store.ts";

export interface AuditEntry {
  actor: Actor;
  /** slice.what-happened */
  action: string;
  /** kind:id */
  target: string;
  /** One sentence for people. */
  summary: string;
  /** Plain JSON; never a secret. */
  data?: unknown;
}

export interface AuditLog {
  /** Appends in the caller's transaction, so that a change and its event commit together; publishes the live event with it. */
  append(scope: TransactionScope, entry: AuditEntry): Promise<AuditEvent>;
}
