/** The brakes slice: plan, apply, lift, extend; executor, prober and the watch on expiries behind it. */
import { MailbrakeError } from "@mailbrake/contract";
import { isInForce } from "@mailbrake/domain";
import type { RegisterSlice } from "../../platform/mailbrake-app.ts";
import { createOutcomeWriter } from "../../platform/outcome-writer.ts";
import { type BrakeService, createBrakeService } from "./brake-service.ts";
import { type BrakesDeps, defaultBrakesLimits } from "./brakes-deps.ts";
import { registerBrakesRoutes } from "./brakes-routes.ts";
import { createExecutor } from "./executor.ts";
import { createExpiryWatch } from "./expiry-watch.ts";
import { createPlanService } from "./plan-service.ts";
import { createProber } from "./prober.ts";

export type { BrakesDeps, BrakesLimits, BrakesLog } from "./brakes-deps.ts";
export { type OrderStep, orderSteps } from "./step-hook.ts";

export interface BrakesSlice {
  registerRoutes: RegisterSlice;
  service: BrakeService;
  /** After the fleet has been given its hosts; carries on with whatever was being done when the server last stopped. */
  start(): Promise<void>;
  /** Before the fleet and the store are closed. */
  close(): Promise<void>;
}

export function createBrakesSlice(deps: BrakesDeps): BrakesSlice {
  const limits = { ...defaultBrakesLimits, ...deps.limits };
  const writer = createOutcomeWriter(deps.transactor);
  const executor = createExecutor({
    deps,
    limits,
    writer,
    onSettled: (row, settled) => {
      if (settled.outcome === "moved" && (isInForce(settled.after) || settled.after === "lifted"))
        prober.expect(row.id);
    },
  });
  const prober = createProber({ deps, limits, writer, onContradiction: (hostId) => executor.check(hostId) });
  const expiries = createExpiryWatch(deps, limits, (hostId) => executor.check(hostId));
  const service = createBrakeService({ deps, nudge: (orders) => executor.nudge(orders) });
  const plans = createPlanService(deps, limits, (rule) => new MailbrakeError(rule.code, rule));
  return {
    service,
    registerRoutes: (app) => registerBrakesRoutes(app, service, plans),
    async start() {
      await executor.start();
      await prober.start();
      expiries.start();
    },
    async close() {
      expiries.stop();
      prober.stop();
      await executor.stop();
      await writer.idle();
    },
  };
}
