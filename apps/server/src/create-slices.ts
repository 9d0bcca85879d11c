/** Puts the slices together: what each stands on, and the order in which they start and stop. */
import { enrolmentScript } from "@mailbrake/agent";
import { createFleet } from "@mailbrake/fleet";
import type { FastifyBaseLogger } from "fastify";
import { createAccessSlice } from "./features/access/index.ts";
import { createAuditSlice } from "./features/audit/index.ts";
import { createBrakesSlice, type OrderStep } from "./features/brakes/index.ts";
import { createCatalogueSlice } from "./features/catalogue/index.ts";
import { createHostsSlice } from "./features/hosts/index.ts";
import { createManualSlice } from "./features/manual/index.ts";
import { createQueuesSlice } from "./features/queues/index.ts";
import type { AuditLog } from "./platform/audit-log.ts";
import type { Clock } from "./platform/clock.ts";
import type { Config } from "./platform/config.ts";
import type { ControlKey } from "./platform/control-key.ts";
import type { EventBus } from "./platform/event-bus.ts";
import type { LiveConnections } from "./platform/live-connections.ts";
import type { RegisterSlice } from "./platform/mailbrake-app.ts";
import type { RouteAccessOptions } from "./platform/route-access.ts";
import type { Store, Transactor } from "./platform/store.ts";

/** For tests: told at each step of an order. */
export interface SliceHooks {
  onStep?: (step: OrderStep) => void;
}

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
  const { config, controlKey, logger: log, hooks } = dependencies;
  const fleet = createFleet({ privateKey: () => Promise.resolve(controlKey.privateKey), log });
  const standing = { ...dependencies, fleet, log };
  const catalogue = createCatalogueSlice(standing);
  const hosts = createHostsSlice({
    ...standing,
    url: config.url,
    planner: catalogue.planner,
    publicKey: () => Promise.resolve(controlKey.publicKey),
    enrolmentScript,
  });
  const brakes = createBrakesSlice({ ...standing, ...hooks, protectedLane: config.protectedLane });
  const queues = createQueuesSlice({ ...standing, protectedLane: config.protectedLane });
  const manual = createManualSlice(dependencies);
  return {
    access,
    registerRoutes: [
      access.registerRoutes,
      audit.registerRoutes,
      hosts.registerRoutes,
      catalogue.registerRoutes,
      manual.registerRoutes,
      brakes.registerRoutes,
      queues.registerRoutes,
    ],
    // The fleet must know its hosts before orders look for them; until then every host would seem unreachable.
    async start() {
      await hosts.start();
      await brakes.start();
      await queues.start();
    },
    // No new orders, then no connections, then nothing waits for a host any more.
    async stop() {
      await Promise.all([brakes.close(), queues.close()]);
      await fleet.close();
      await hosts.close();
    },
  };
}
