import {
  blockPointDetailSchema,
  blockPointListQuerySchema,
  blockPointListSchema,
  idSchema,
  updateBlockPointRequestSchema,
  updateRunbookRequestSchema,
} from "@mailbrake/contract";
import { z } from "zod";
import type { MailbrakeApp } from "../../platform/mailbrake-app.ts";
import type { CatalogueService } from "./catalogue-service.ts";

const pointParams = z.object({ blockPointId: idSchema });
const detail = { 200: blockPointDetailSchema };

export function registerCatalogueRoutes(app: MailbrakeApp, service: CatalogueService): void {
  app.get(
    "/api/block-points",
    {
      config: { access: "viewer" },
      schema: { querystring: blockPointListQuerySchema, response: { 200: blockPointListSchema } },
    },
    (request) => service.list(request.query),
  );
  app.get(
    "/api/block-points/:blockPointId",
    { config: { access: "viewer" }, schema: { params: pointParams, response: detail } },
    (request) => service.get(request.params.blockPointId),
  );
  app.patch(
    "/api/block-points/:blockPointId",
    {
      config: { access: "admin" },
      schema: { params: pointParams, body: updateBlockPointRequestSchema, response: detail },
    },
    (request) => service.changeRole(request.actor, request.params.blockPointId, request.body.role),
  );
  app.put(
    "/api/block-points/:blockPointId/runbook",
    {
      config: { access: "operator" },
      schema: { params: pointParams, body: updateRunbookRequestSchema, response: detail },
    },
    (request) => service.changeRunbook(request.actor, request.params.blockPointId, request.body),
  );
  app.post(
    "/api/block-points/:blockPointId/replan",
    { config: { access: "operator" }, schema: { params: pointParams, response: detail } },
    (request) => service.replan(request.actor, request.params.blockPointId),
  );
}
