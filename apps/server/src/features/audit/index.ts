/** The audit trail to read and to verify; appending is platform/audit-log.ts, in the transaction of each change. */
import type { Clock } from "../../platform/clock.ts";
import type { RegisterSlice } from "../../platform/mailbrake-app.ts";
import type { Store } from "../../platform/store.ts";
import { registerAuditRoutes } from "./audit-routes.ts";

export { verifyAudit } from "./verify-audit.ts";

/** @param headKey the key that seals the chain's end */
export function createAuditSlice(dependencies: { store: Store; clock: Clock; headKey: Uint8Array }): {
  registerRoutes: RegisterSlice;
} {
  return { registerRoutes: (app) => registerAuditRoutes(app, dependencies) };
}
