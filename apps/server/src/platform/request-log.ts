import type { MailbrakeApp } from "./mailbrake-app.ts";

/** One line for each change and each failure. The route's pattern is logged, never the URL: some URLs hold a token. */
export function registerRequestLog(app: MailbrakeApp): void {
  app.addHook("onResponse", async (request, reply) => {
    const { method } = request;
    const { statusCode } = reply;
    const changes = method !== "GET" && method !== "HEAD";
    if (!changes && statusCode < 500) return;
    const line = {
      requestId: request.id,
      method,
      route: request.routeOptions.url,
      status: statusCode,
      milliseconds: Math.round(reply.elapsedTime),
      userId: request.signedIn?.user.id,
    };
    request.log[statusCode >= 500 ? "warn" : "info"](line, "request");
  });
}
