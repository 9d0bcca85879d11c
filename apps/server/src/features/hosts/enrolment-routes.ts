import {
  confirmEnrolmentRequestSchema,
  createEnrolmentRequestSchema,
  enrolBySshRequestSchema,
  enrolmentListSchema,
  enrolmentReportSchema,
  enrolmentViewSchema,
  hostViewSchema,
  idSchema,
  okSchema,
} from "@mailbrake/contract";
import { z } from "zod";
import type { MailbrakeApp } from "../../platform/mailbrake-app.ts";
import type { EnrolmentService } from "./enrolment-service.ts";
import type { HostService } from "./host-service.ts";

const enrolmentParams = z.object({ enrolmentId: idSchema });
const tokenParams = z.object({ token: z.string().regex(/^[A-Za-z0-9_-]{20,100}$/, "an enrolment token") });
/** Guessing a token is hopeless; this keeps the tries from costing anything. */
const rateLimit = { max: 30, timeWindow: 60_000 };

export function registerEnrolmentRoutes(app: MailbrakeApp, service: EnrolmentService, hosts: HostService): void {
  app.post(
    "/api/hosts/enrol-by-ssh",
    { config: { access: "admin" }, schema: { body: enrolBySshRequestSchema, response: { 200: hostViewSchema } } },
    async (request) => hosts.get(await service.enrolBySsh(request.actor, request.body)),
  );
  app.get(
    "/api/hosts/enrolments",
    { config: { access: "admin" }, schema: { response: { 200: enrolmentListSchema } } },
    async () => ({ enrolments: await service.list() }),
  );
  app.post(
    "/api/hosts/enrolments",
    {
      config: { access: "admin" },
      schema: { body: createEnrolmentRequestSchema, response: { 200: enrolmentViewSchema } },
    },
    (request) => service.createCommand(request.actor, request.body),
  );
  app.post(
    "/api/hosts/enrolments/:enrolmentId/confirm",
    {
      config: { access: "admin" },
      schema: { params: enrolmentParams, body: confirmEnrolmentRequestSchema, response: { 200: hostViewSchema } },
    },
    async (request) =>
      hosts.get(await service.confirm(request.actor, request.params.enrolmentId, request.body.fingerprint)),
  );

  app.get(
    "/api/enrol/:token",
    { config: { access: "public", rateLimit }, schema: { params: tokenParams } },
    async (request, reply) =>
      reply
        .header("cache-control", "no-store")
        .type("text/plain; charset=utf-8")
        .send(await service.script(request.params.token, request.ip)),
  );
  app.post(
    "/api/enrol/:token/report",
    {
      config: { access: "public", rateLimit },
      schema: { params: tokenParams, body: enrolmentReportSchema, response: { 200: okSchema } },
    },
    async (request) => {
      await service.report(request.params.token, request.body, request.ip);
      return { ok: true as const };
    },
  );
}
