import {
  brakeListQuerySchema,
  brakeListSchema,
  brakeViewSchema,
  createBrakeRequestSchema,
  extendBrakeRequestSchema,
  idSchema,
  liftBrakeRequestSchema,
  planRequestSchema,
  planViewSchema,
} from "@mailbrake/contract";
import { z } from "zod";
import type { MailbrakeApp } from "../../platform/mailbrake-app.ts";
import type { BrakeService } from "./brake-service.ts";
import type { PlanService } from "./plan-service.ts";

const brakeParams = z.object({ brakeId: idSchema });

export function registerBrakesRoutes(app: MailbrakeApp, brakes: BrakeService, plans: PlanService): void {
  const operator = { access: "operator" } as const;
  const viewer = { access: "viewer" } as const;
  const oneBrake = { response: { 200: brakeViewSchema } };

  app.post(
    "/api/plans",
    { config: operator, schema: { body: planRequestSchema, response: { 200: planViewSchema } } },
    (request) => plans.plan(request.body),
  );
  app.post(
    "/api/brakes",
    { config: operator, schema: { body: createBrakeRequestSchema, response: { 201: brakeViewSchema } } },
    async (request, reply) => reply.status(201).send(await brakes.create(request.actor, request.body)),
  );
  app.get(
    "/api/brakes",
    { config: viewer, schema: { querystring: brakeListQuerySchema, response: { 200: brakeListSchema } } },
    (request) => brakes.list(request.query),
  );
  app.get("/api/brakes/:brakeId", { config: viewer, schema: { params: brakeParams, ...oneBrake } }, (request) =>
    brakes.read(request.params.brakeId),
  );
  app.post(
    "/api/brakes/:brakeId/lift",
    { config: operator, schema: { params: brakeParams, body: liftBrakeRequestSchema, ...oneBrake } },
    (request) => brakes.lift(request.actor, request.params.brakeId, request.body),
  );
  app.post(
    "/api/brakes/:brakeId/extend",
    { config: operator, schema: { params: brakeParams, body: extendBrakeRequestSchema, ...oneBrake } },
    (request) => brakes.extend(request.actor, request.params.brakeId, request.body),
  );
  app.post(
    "/api/applications/:applicationId/retry",
    { config: operator, schema: { params: z.object({ applicationId: idSchema }), ...oneBrake } },
    (request) => brakes.retry(request.actor, request.params.applicationId),
  );
}
