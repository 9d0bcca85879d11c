import type { AuditLog } from "../../platform/audit-log.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Store, Transactor } from "../../platform/store.ts";

/** What the slice stands on. */
export interface ManualDeps {
  store: Store;
  transactor: Transactor;
  audit: AuditLog;
  clock: Clock;
}
