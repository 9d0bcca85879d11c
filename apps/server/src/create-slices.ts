/** Puts the slices together: what each stands on, and the order in which they start and stop. */
import type { FastifyBaseLogger } from "fastify";
import { createAccessSlice } from "./features/access/index.ts";
import { createAuditSlice } from "./features/audit/index.ts";
import type { AuditLog } from "./platform/audit-log.ts";
import type { Clock } from "./platform/clock.ts";
import type { Config } from "./platform/config.ts";
import type { ControlKey } from "./platform/control-key.ts";
import type { EventBus } from "./platform/event-bus.ts";
import type { LiveConnections } from "./platform/live-connections.ts";
import type { RegisterSlice } from "./platform/mailbrake-app.ts";
import type { RouteAccessOptions } from "./platform/route-access.ts";
import type { Store, Transactor } from "./platform/store.ts";

export type SliceHooks = object;

export interface SliceDependencies {
  config: Config;
  store: Store;
  transactor: Transactor;
  audit: AuditLog;
  clock: Clock;
  events: EventBus;
  connections: LiveConnections;
  logger: FastifyBaseLogger;
  headKey: Uint8Array;
  sessionKey: Uint8Array;
  controlKey: ControlKey;
  hooks: SliceHooks;
}

export interface Slices {
  access: RouteAccessOptions;
  registerRoutes: RegisterSlice[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createSlices(dependencies: SliceDependencies): Slices {
  const access = createAccessSlice({ ...dependencies, url: dependencies.config.url });
  const audit = createAuditSlice(dependencies);
  return {
    access,
    registerRoutes: [access.registerRoutes, audit.registerRoutes],
    async start() {},
    async stop() {},
  };
}
