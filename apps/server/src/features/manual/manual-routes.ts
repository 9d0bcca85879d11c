import {
  externalPointDetailSchema,
  externalPointListSchema,
  externalPointRequestSchema,
  giveUpManualRunRequestSchema,
  idSchema,
  manualMechanismRequestSchema,
  manualPageQuerySchema,
  manualRunListSchema,
  manualRunViewSchema,
  okSchema,
  removeManualRequestSchema,
  startManualRunRequestSchema,
  tickManualStepRequestSchema,
  undoManualRunRequestSchema,
} from "@mailbrake/contract";
import { z } from "zod";
import type { MailbrakeApp } from "../../platform/mailbrake-app.ts";
import type { ManualCatalogueService } from "./manual-catalogue-service.ts";
import type { ManualRunService } from "./manual-run-service.ts";

const viewer = { access: "viewer" } as const;
const operator = { access: "operator" } as const;
const admin = { access: "admin" } as const;
const pointParams = z.object({ externalPointId: idSchema });
const mechanismParams = z.object({ manualMechanismId: idSchema });
const runParams = z.object({ manualRunId: idSchema });
const onePoint = { 200: externalPointDetailSchema };
const oneRun = { 200: manualRunViewSchema };

export function registerManualRoutes(
  app: MailbrakeApp,
  catalogue: ManualCatalogueService,
  runs: ManualRunService,
): void {
  app.get(
    "/api/external-points",
    { config: viewer, schema: { querystring: manualPageQuerySchema, response: { 200: externalPointListSchema } } },
    (request) => catalogue.list(request.query),
  );
  app.post(
    "/api/external-points",
    { config: admin, schema: { body: externalPointRequestSchema, response: { 201: externalPointDetailSchema } } },
    async (request, reply) => reply.status(201).send(await catalogue.add(request.actor, request.body)),
  );
  app.get(
    "/api/external-points/:externalPointId",
    { config: viewer, schema: { params: pointParams, response: onePoint } },
    (request) => catalogue.get(request.params.externalPointId),
  );
  app.put(
    "/api/external-points/:externalPointId",
    { config: admin, schema: { params: pointParams, body: externalPointRequestSchema, response: onePoint } },
    (request) => catalogue.change(request.actor, request.params.externalPointId, request.body),
  );
  app.post(
    "/api/external-points/:externalPointId/remove",
    { config: admin, schema: { params: pointParams, body: removeManualRequestSchema, response: { 200: okSchema } } },
    async (request) => {
      await catalogue.remove(request.actor, request.params.externalPointId, request.body.reason);
      return { ok: true as const };
    },
  );
  app.get(
    "/api/external-points/:externalPointId/runs",
    {
      config: viewer,
      schema: { params: pointParams, querystring: manualPageQuerySchema, response: { 200: manualRunListSchema } },
    },
    (request) => catalogue.history(request.params.externalPointId, request.query),
  );
  app.post(
    "/api/external-points/:externalPointId/mechanisms",
    {
      config: admin,
      schema: {
        params: pointParams,
        body: manualMechanismRequestSchema,
        response: { 201: externalPointDetailSchema },
      },
    },
    async ({ actor, params, body }, reply) =>
      reply.status(201).send(await catalogue.addMechanism(actor, params.externalPointId, body)),
  );
  app.put(
    "/api/manual-mechanisms/:manualMechanismId",
    { config: admin, schema: { params: mechanismParams, body: manualMechanismRequestSchema, response: onePoint } },
    (request) => catalogue.changeMechanism(request.actor, request.params.manualMechanismId, request.body),
  );
  app.post(
    "/api/manual-mechanisms/:manualMechanismId/remove",
    { config: admin, schema: { params: mechanismParams, body: removeManualRequestSchema, response: onePoint } },
    (request) => catalogue.removeMechanism(request.actor, request.params.manualMechanismId, request.body.reason),
  );
  app.post(
    "/api/manual-mechanisms/:manualMechanismId/runs",
    {
      config: operator,
      schema: { params: mechanismParams, body: startManualRunRequestSchema, response: { 201: manualRunViewSchema } },
    },
    async ({ actor, params, body }, reply) =>
      reply.status(201).send(await runs.start(actor, params.manualMechanismId, body)),
  );
  app.get(
    "/api/manual-runs/:manualRunId",
    { config: viewer, schema: { params: runParams, response: oneRun } },
    (request) => runs.get(request.params.manualRunId),
  );
  app.put(
    "/api/manual-runs/:manualRunId/steps/:stepId",
    {
      config: operator,
      schema: { params: runParams.extend({ stepId: idSchema }), body: tickManualStepRequestSchema, response: oneRun },
    },
    ({ actor, params, body }) => runs.tick(actor, params.manualRunId, params.stepId, body.ticked),
  );
  app.post(
    "/api/manual-runs/:manualRunId/undo",
    { config: operator, schema: { params: runParams, body: undoManualRunRequestSchema, response: oneRun } },
    (request) => runs.undo(request.actor, request.params.manualRunId, request.body.reason),
  );
  app.post(
    "/api/manual-runs/:manualRunId/give-up",
    { config: operator, schema: { params: runParams, body: giveUpManualRunRequestSchema, response: oneRun } },
    (request) => runs.giveUp(request.actor, request.params.manualRunId, request.body),
  );
}
