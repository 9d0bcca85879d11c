import {
  changePasswordRequestSchema,
  createUserRequestSchema,
  idSchema,
  MailbrakeError,
  okSchema,
  sessionViewSchema,
  setupRequestSchema,
  setupStatusSchema,
  signInRequestSchema,
  updateUserRequestSchema,
  userListSchema,
  userViewSchema,
} from "@mailbrake/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { MailbrakeApp } from "../../platform/mailbrake-app.ts";
import type { AccessService } from "./access-service.ts";
import type { ClientHeaders } from "./sessions.ts";

const ok = { ok: true as const };
const userParams = z.object({ userId: idSchema });

/** What a request says of its sender, as the session library wants it. */
export function clientHeaders(request: FastifyRequest): ClientHeaders {
  const { cookie, "user-agent": userAgent } = request.headers;
  return { cookie, userAgent, address: request.ip };
}

/** @param guessesPerMinute attempts at a secret from one address */
export function registerAccessRoutes(app: MailbrakeApp, access: AccessService, guessesPerMinute = 20): void {
  const guessing = { rateLimit: { max: guessesPerMinute, timeWindow: 60_000 } };

  app.get(
    "/api/setup/status",
    { config: { access: "public" }, schema: { response: { 200: setupStatusSchema } } },
    async () => ({ needed: await access.setupNeeded() }),
  );

  app.post(
    "/api/setup",
    {
      config: { access: "public", ...guessing },
      schema: { body: setupRequestSchema, response: { 200: okSchema } },
    },
    async (request) => {
      const { token, ...person } = request.body;
      await access.setUp(token, person);
      return ok;
    },
  );

  app.post(
    "/api/auth/sign-in/email",
    {
      config: { access: "public", ...guessing },
      schema: { body: signInRequestSchema, response: { 200: sessionViewSchema } },
    },
    async (request, reply) => {
      const { email, password } = request.body;
      const { user, cookies } = await access.signIn(email, password, clientHeaders(request));
      reply.header("set-cookie", cookies);
      return { user };
    },
  );

  app.post(
    "/api/auth/sign-out",
    { config: { access: "public" }, schema: { response: { 200: okSchema } } },
    async (request, reply) => {
      reply.header("set-cookie", await access.signOut(clientHeaders(request)));
      return ok;
    },
  );

  app.get(
    "/api/session",
    { config: { access: "viewer" }, schema: { response: { 200: sessionViewSchema } } },
    async (request) => ({ user: await access.readUser(request.user.id) }),
  );

  app.post(
    "/api/account/password",
    {
      config: { access: "viewer", ...guessing },
      schema: { body: changePasswordRequestSchema, response: { 200: okSchema } },
    },
    async (request) => {
      const { currentPassword, newPassword } = request.body;
      if (!request.signedIn) throw new MailbrakeError("not-signed-in");
      await access.changePassword(request.signedIn, request.actor, currentPassword, newPassword);
      return ok;
    },
  );

  app.get("/api/users", { config: { access: "admin" }, schema: { response: { 200: userListSchema } } }, async () => ({
    users: await access.listUsers(),
  }));

  app.post(
    "/api/users",
    { config: { access: "admin" }, schema: { body: createUserRequestSchema, response: { 201: userViewSchema } } },
    async (request, reply) => reply.status(201).send(await access.createUser(request.actor, request.body)),
  );

  app.patch(
    "/api/users/:userId",
    {
      config: { access: "admin" },
      schema: { params: userParams, body: updateUserRequestSchema, response: { 200: userViewSchema } },
    },
    async (request) => access.updateUser(request.actor, request.params.userId, request.body),
  );
}
