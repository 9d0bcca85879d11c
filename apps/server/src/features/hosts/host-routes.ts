import {
  fingerprintRequestSchema,
  fingerprintViewSchema,
  hostListQuerySchema,
  hostListSchema,
  hostSurroundingsSchema,
  hostViewSchema,
  idSchema,
  instanceViewSchema,
  okSchema,
  pinHostKeyRequestSchema,
  removeHostRequestSchema,
} from "@mailbrake/contract";
import { z } from "zod";
import type { MailbrakeApp } from "../../platform/mailbrake-app.ts";
import type { HostService } from "./host-service.ts";

const hostParams = z.object({ hostId: idSchema });
const instanceParams = z.object({ instanceId: idSchema });
const oneHost = { 200: hostViewSchema };

export function registerHostRoutes(app: MailbrakeApp, service: HostService): void {
  app.get(
    "/api/hosts",
    { config: { access: "viewer" }, schema: { querystring: hostListQuerySchema, response: { 200: hostListSchema } } },
    (request) => service.list(request.query),
  );
  app.get(
    "/api/hosts/:hostId",
    { config: { access: "viewer" }, schema: { params: hostParams, response: oneHost } },
    (request) => service.get(request.params.hostId),
  );
  app.get(
    "/api/hosts/:hostId/surroundings",
    { config: { access: "viewer" }, schema: { params: hostParams, response: { 200: hostSurroundingsSchema } } },
    (request) => service.surroundings(request.params.hostId),
  );
  app.post(
    "/api/hosts/fingerprint",
    {
      config: { access: "admin" },
      schema: { body: fingerprintRequestSchema, response: { 200: fingerprintViewSchema } },
    },
    async (request) => {
      const { keyType, fingerprint } = await service.readKey(request.body);
      return { ...request.body, keyType, fingerprint };
    },
  );
  app.post(
    "/api/hosts/:hostId/discover",
    { config: { access: "operator" }, schema: { params: hostParams, response: oneHost } },
    (request) => service.discover(request.actor, request.params.hostId),
  );
  app.post(
    "/api/hosts/:hostId/pin",
    {
      config: { access: "admin" },
      schema: { params: hostParams, body: pinHostKeyRequestSchema, response: oneHost },
    },
    (request) => service.pin(request.actor, request.params.hostId, request.body.fingerprint),
  );
  app.post(
    "/api/hosts/:hostId/remove",
    {
      config: { access: "admin" },
      schema: { params: hostParams, body: removeHostRequestSchema, response: { 200: okSchema } },
    },
    async (request) => {
      await service.remove(request.actor, request.params.hostId, request.body.reason);
      return { ok: true as const };
    },
  );
  for (const verb of ["arm", "disarm"] as const) {
    app.post(
      `/api/instances/:instanceId/${verb}`,
      { config: { access: "admin" }, schema: { params: instanceParams, response: { 200: instanceViewSchema } } },
      (request) => service.arm(request.actor, verb, request.params.instanceId),
    );
  }
}
