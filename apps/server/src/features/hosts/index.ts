import type { Fleet } from "@mailbrake/fleet";
import type { AuditLog } from "../../platform/audit-log.ts";
import type { Clock } from "../../platform/clock.ts";
import type { EventBus } from "../../platform/event-bus.ts";
import type { RegisterSlice } from "../../platform/mailbrake-app.ts";
import type { Store, Transactor } from "../../platform/store.ts";
import type { MechanismPlanner } from "../catalogue/index.ts";
import { createDiscoveryService } from "./discovery-service.ts";
import { registerEnrolmentRoutes } from "./enrolment-routes.ts";
import { createEnrolmentService, type EnrolmentScriptOptions } from "./enrolment-service.ts";
import { registerHostRoutes } from "./host-routes.ts";
import { createHostService, type HostService } from "./host-service.ts";
import { createLinkWatcher } from "./link-watcher.ts";
import type { SliceLog } from "./slice-log.ts";

export type { HostService } from "./host-service.ts";

export interface HostsSliceOptions {
  store: Store;
  transactor: Transactor;
  audit: AuditLog;
  events: EventBus;
  fleet: Fleet;
  planner: MechanismPlanner;
  clock: Clock;
  log: SliceLog;
  /** Base URL of this server as hosts reach it, without a slash at its end. */
  url: string;
  /** The control plane's SSH public key, as authorized_keys has it. */
  publicKey: () => Promise<string>;
  /** `enrolmentScript` of the agent package. */
  enrolmentScript: (options: EnrolmentScriptOptions) => string;
}

export interface HostsSlice {
  service: HostService;
  registerRoutes: RegisterSlice;
  /** Adds all hosts to the fleet; call it once, when everything that listens to the fleet does. */
  start(): Promise<void>;
  /** Close the fleet first: what waits for hosts ends at once then. */
  close(): Promise<void>;
}

/** Enrolment, host keys, links, discovery, arming. */
export function createHostsSlice(options: HostsSliceOptions): HostsSlice {
  const discovery = createDiscoveryService(options);
  const watcher = createLinkWatcher({ ...options, discovery });
  const service = createHostService({ ...options, discovery, watcher });
  const enrolments = createEnrolmentService({ ...options, hosts: service, watcher });
  return {
    service,
    registerRoutes(app) {
      registerHostRoutes(app, service);
      registerEnrolmentRoutes(app, enrolments, service);
    },
    start: () => watcher.start(),
    close: () => watcher.close(),
  };
}
