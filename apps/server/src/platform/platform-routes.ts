import { z } from "zod";
import type { LiveConnections } from "./live-connections.ts";
import type { MailbrakeApp } from "./mailbrake-app.ts";

const healthSchema = z.object({ ok: z.literal(true) });
const lastEventIdSchema = z.coerce.number().int().nonnegative();

/** What belongs to no slice: health, the API's own description, live events. */
export function registerPlatformRoutes(app: MailbrakeApp, connections: LiveConnections): void {
  app.get("/api/health", { config: { access: "public" }, schema: { response: { 200: healthSchema } } }, async () => ({
    ok: true as const,
  }));

  app.get("/api/openapi.json", { config: { access: "public" }, schema: { hide: true } }, async (_request, reply) =>
    reply.type("application/json").serializer(JSON.stringify).send(app.swagger()),
  );

  app.get("/api/events", { config: { access: "viewer" }, schema: { hide: true } }, (request, reply) => {
    const lastId = lastEventIdSchema.safeParse(request.headers["last-event-id"]);
    const { signedIn } = request;
    if (!signedIn) throw new Error("the access guard let an event stream through without a session");
    reply.hijack();
    connections.open(reply.raw, signedIn, lastId.success ? lastId.data : null);
  });
}
