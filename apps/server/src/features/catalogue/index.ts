import type { Fleet } from "@mailbrake/fleet";
import type { AuditLog } from "../../platform/audit-log.ts";
import type { Clock } from "../../platform/clock.ts";
import type { RegisterSlice } from "../../platform/mailbrake-app.ts";
import type { Store, Transactor } from "../../platform/store.ts";
import { registerCatalogueRoutes } from "./catalogue-routes.ts";
import { type CatalogueService, createCatalogueService } from "./catalogue-service.ts";
import { createMechanismPlanner, type MechanismPlanner } from "./mechanism-planner.ts";

export type { CatalogueService } from "./catalogue-service.ts";
export type { MechanismPlanner } from "./mechanism-planner.ts";
export { type Discovery, type DiscoveryChanges, recordDiscovery } from "./record-discovery.ts";

export interface CatalogueSliceOptions {
  store: Store;
  transactor: Transactor;
  audit: AuditLog;
  fleet: Fleet;
  clock: Clock;
}

export interface CatalogueSlice {
  service: CatalogueService;
  planner: MechanismPlanner;
  registerRoutes: RegisterSlice;
}

/** Instances, block points and mechanisms: what can be braked, and how by hand. */
export function createCatalogueSlice(options: CatalogueSliceOptions): CatalogueSlice {
  const planner = createMechanismPlanner(options);
  const service = createCatalogueService({ ...options, planner });
  return { service, planner, registerRoutes: (app) => registerCatalogueRoutes(app, service) };
}
