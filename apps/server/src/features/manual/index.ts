/** The manual slice: doors that no agent reaches, the mechanisms that people follow there, and what they said of it. */
import type { RegisterSlice } from "../../platform/mailbrake-app.ts";
import { createManualCatalogueService, type ManualCatalogueService } from "./manual-catalogue-service.ts";
import type { ManualDeps } from "./manual-deps.ts";
import { registerManualRoutes } from "./manual-routes.ts";
import { createManualRunService, type ManualRunService } from "./manual-run-service.ts";

export interface ManualSlice {
  catalogue: ManualCatalogueService;
  runs: ManualRunService;
  registerRoutes: RegisterSlice;
}

export function createManualSlice(deps: ManualDeps): ManualSlice {
  const catalogue = createManualCatalogueService(deps);
  const runs = createManualRunService(deps);
  return { catalogue, runs, registerRoutes: (app) => registerManualRoutes(app, catalogue, runs) };
}
