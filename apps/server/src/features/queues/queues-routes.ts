import {
  createQueueActionRequestSchema,
  followEventSchema,
  idSchema,
  lastSurveySchema,
  messageQuerySchema,
  queueActionListQuerySchema,
  queueActionListSchema,
  queueActionReasonRequestSchema,
  queueActionViewSchema,
  queuedMessageDetailSchema,
  queueInstanceListSchema,
  queuePageSchema,
  queuePreviewRequestSchema,
  queuePreviewSchema,
  queueSearchRequestSchema,
  surveyRequestSchema,
  surveyViewSchema,
} from "@mailbrake/contract";
import { z } from "zod";
import type { MailbrakeApp } from "../../platform/mailbrake-app.ts";
import { roleSuffices } from "../../platform/route-access.ts";
import type { FollowService } from "./follow-service.ts";
import type { QueueActionService } from "./queue-action-service.ts";
import type { QueueReader } from "./queue-reader.ts";
import type { SurveyService } from "./survey-service.ts";

const instanceParams = z.object({ instanceId: idSchema });
/** A mail server's own id of a message, of any that we know. */
const messageParams = instanceParams.extend({
  messageId: z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "the mail server's id of a message"),
});
const actionParams = z.object({ queueActionId: idSchema });

export interface QueuesServices {
  reader: QueueReader;
  surveys: SurveyService;
  follows: FollowService;
  actions: QueueActionService;
}

export function registerQueuesRoutes(app: MailbrakeApp, { reader, surveys, follows, actions }: QueuesServices): void {
  const viewer = { access: "viewer" } as const;
  const operator = { access: "operator" } as const;
  const oneAction = { 200: queueActionViewSchema };

  app.get(
    "/api/queue-instances",
    { config: viewer, schema: { response: { 200: queueInstanceListSchema } } },
    async () => ({ instances: await reader.instances() }),
  );
  app.post(
    "/api/instances/:instanceId/queue/search",
    {
      config: viewer,
      schema: { params: instanceParams, body: queueSearchRequestSchema, response: { 200: queuePageSchema } },
    },
    (request) => reader.search(request.params.instanceId, request.body),
  );
  app.get(
    "/api/instances/:instanceId/queue/messages/:messageId",
    {
      config: operator,
      schema: {
        params: messageParams,
        querystring: messageQuerySchema,
        response: { 200: queuedMessageDetailSchema },
      },
    },
    ({ actor, user, params, query }) =>
      reader.show(
        { actor, isAdmin: roleSuffices(user.role, "admin") },
        params.instanceId,
        params.messageId,
        query.body === "true",
      ),
  );
  app.get(
    "/api/instances/:instanceId/survey",
    { config: viewer, schema: { params: instanceParams, response: { 200: lastSurveySchema } } },
    async (request) => ({ survey: await surveys.last(request.params.instanceId) }),
  );
  app.post(
    "/api/instances/:instanceId/survey",
    {
      config: viewer,
      schema: { params: instanceParams, body: surveyRequestSchema, response: { 200: surveyViewSchema } },
    },
    (request) => surveys.take(request.params.instanceId, request.body.rows),
  );
  app.get(
    "/api/instances/:instanceId/follow",
    {
      config: viewer,
      schema: {
        params: instanceParams,
        response: {
          200: {
            description:
              "`event: tick` each second, its data as this schema; `event: end` with `{why}` when it can't go on",
            content: { "text/event-stream": { schema: followEventSchema } },
          },
        },
      },
    },
    (request, reply) => follows.open(request.params.instanceId, request, reply),
  );

  app.post(
    "/api/queue-actions/preview",
    { config: viewer, schema: { body: queuePreviewRequestSchema, response: { 200: queuePreviewSchema } } },
    (request) => actions.preview(request.body),
  );
  app.post(
    "/api/queue-actions",
    {
      config: operator,
      schema: { body: createQueueActionRequestSchema, response: { 201: queueActionViewSchema } },
    },
    async (request, reply) => reply.status(201).send(await actions.create(request.actor, request.body)),
  );
  app.get(
    "/api/queue-actions",
    {
      config: viewer,
      schema: { querystring: queueActionListQuerySchema, response: { 200: queueActionListSchema } },
    },
    (request) => actions.list(request.query),
  );
  app.get(
    "/api/queue-actions/:queueActionId",
    { config: viewer, schema: { params: actionParams, response: oneAction } },
    (request) => actions.read(request.params.queueActionId),
  );
  app.post(
    "/api/queue-actions/:queueActionId/stop",
    {
      config: operator,
      schema: { params: actionParams, body: queueActionReasonRequestSchema, response: oneAction },
    },
    (request) => actions.stop(request.actor, request.params.queueActionId, request.body.reason),
  );
  app.post(
    "/api/queue-actions/:queueActionId/restore",
    {
      config: operator,
      schema: {
        params: actionParams,
        body: queueActionReasonRequestSchema,
        response: { 201: queueActionViewSchema },
      },
    },
    async (request, reply) =>
      reply.status(201).send(await actions.restore(request.actor, request.params.queueActionId, request.body.reason)),
  );
}
