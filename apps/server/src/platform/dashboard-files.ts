/** Serves the built dashboard: files by their name, everything else that isn't the API's is the one page. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import { MailbrakeError } from "@mailbrake/contract";
import type { MailbrakeApp } from "./mailbrake-app.ts";

const notBuiltPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Mailbrake</title></head>
<body><h1>The dashboard is not built</h1>
<p>The API answers, but there are no pages to show. Stop the server and start it with <code>npm start</code>, which builds them first.</p>
</body></html>
`;

/** @param folder apps/web/dist */
export function registerDashboardFiles(app: MailbrakeApp, folder: string): void {
  const built = existsSync(join(folder, "index.html"));
  if (built) app.register(fastifyStatic, { root: folder, serve: false });

  app.after(() => {
    app.get("/*", { config: { access: "public" }, schema: { hide: true } }, async (request, reply) => {
      const path = decodeURIComponent(request.url.split("?")[0] ?? "/");
      if (path === "/api" || path.startsWith("/api/")) throw new MailbrakeError("not-found");
      if (!built) return reply.status(503).type("text/html; charset=utf-8").send(notBuiltPage);
      if (path.startsWith("/assets/"))
        return reply.sendFile(path.slice(1), { maxAge: "365d", immutable: true, index: false });
      const isFile = /^\/[A-Za-z0-9._-]+\.[A-Za-z0-9]+$/.test(path) && existsSync(join(folder, path));
      if (isFile) return reply.sendFile(path.slice(1), { maxAge: "1h", index: false });
      // The page names its hashed files, so it must never be an old one.
      return reply.header("cache-control", "no-cache").sendFile("index.html", { cacheControl: false });
    });
  });
}
