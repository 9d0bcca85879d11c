/** Every route × every role, over the real slices and real sessions: nothing is open that doesn't say so, and a role that is too small gets nothing. */
import { errorBodySchema, userRoles } from "@mailbrake/contract";
import { generateSshKeyPair } from "@mailbrake/fleet";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSlices, type Slices } from "./create-slices.ts";
import { type AccessTestApp, buildAccessTestApp } from "./features/access/access-test-app.ts";
import { readConfig } from "./platform/config.ts";
import type { MailbrakeApp } from "./platform/mailbrake-app.ts";
import type { Access } from "./platform/route-access.ts";

interface Route {
  method: string;
  url: string;
  access: Access;
}

/** What is open to everyone, and why. A route that is added here is a decision. */
const openRoutes: Record<string, string> = {
  "GET /*": "the dashboard's files, which hold no data",
  "GET /api/health": "says only that it runs",
  "GET /api/openapi.json": "the API's description is in the source as well",
  "GET /api/setup/status": "the first page must know whether to ask for the link",
  "POST /api/setup": "needs the one-time link",
  "POST /api/auth/sign-in/email": "is how one signs in",
  "POST /api/auth/sign-out": "ends what the cookie names, and nothing else",
  "GET /api/enrol/:token": "the script for one host, behind a one-time token",
  "POST /api/enrol/:token/report": "the host's own report, behind the same token",
};

describe("routes × roles", () => {
  const routes: Route[] = [];
  let access: AccessTestApp;
  let slices: Slices;
  let cookies: Record<string, string>;

  const watchRoutes = (app: MailbrakeApp) =>
    void app.addHook("onRoute", (route) => {
      for (const method of [route.method].flat())
        if (method !== "HEAD") routes.push({ method, url: route.url, access: route.config?.access as Access });
    });

  beforeAll(async () => {
    access = await buildAccessTestApp((test, connections) => {
      slices = createSlices({
        ...test,
        connections,
        config: readConfig({ MAILBRAKE_DATA: test.folder }),
        logger: pino({ level: "silent" }),
        sessionKey: Buffer.alloc(32),
        controlKey: generateSshKeyPair(),
        hooks: {},
      });
      return slices.registerRoutes.slice(1);
    }, watchRoutes);
    cookies = { ...(await access.makeEveryRole()) };
  });
  afterAll(async () => {
    await access.close();
    await slices.stop();
  });

  const ask = async ({ method, url }: Route, cookie?: string) => {
    const path = url.replace("*", "").replaceAll(/:[A-Za-z]+/g, "nothing");
    const headers = { origin: "http://localhost:8090", ...(cookie ? { cookie } : {}) };
    return access.app.inject({
      method: method as "GET",
      url: path,
      headers,
      ...(method === "GET" ? {} : { payload: {} }),
    });
  };

  it("sees the routes of every slice", () => {
    expect(routes.length).toBeGreaterThan(35);
    for (const url of ["/api/hosts", "/api/brakes", "/api/block-points", "/api/audit", "/api/users", "/api/events"])
      expect(routes.map((route) => route.url)).toContain(url);
  });

  it("has no open route without a reason, and no reason without a route", () => {
    const open = routes.filter((route) => route.access === "public").map((route) => `${route.method} ${route.url}`);
    expect(open.sort()).toEqual(Object.keys(openRoutes).sort());
  });

  it("gives nobody anything that isn't open", async () => {
    for (const route of routes.filter((each) => each.access !== "public")) {
      const answer = await ask(route);
      expect(answer.statusCode, `${route.method} ${route.url}`).toBe(401);
      expect(errorBodySchema.parse(answer.json()).error.code).toBe("not-signed-in");
    }
  });

  it("refuses each role what needs a greater one, records it, and lets it do the rest", async () => {
    for (const route of routes) {
      // A stream never ends; live-connections.test.ts opens one.
      if (route.access === "public" || route.url === "/api/events") continue;
      for (const role of userRoles) {
        const allowed = userRoles.indexOf(role) >= userRoles.indexOf(route.access);
        const before = await access.test.store.auditEvent.count({ where: { action: "access.refused" } });
        const answer = await ask(route, cookies[role]);
        const after = await access.test.store.auditEvent.count({ where: { action: "access.refused" } });
        const what = `${role}: ${route.method} ${route.url} gave ${answer.statusCode} ${answer.body.slice(0, 200)}`;
        if (allowed) expect([401, 403, 500], what).not.toContain(answer.statusCode);
        else expect(answer.statusCode, what).toBe(403);
        expect(after - before, what).toBe(allowed ? 0 : 1);
      }
    }
  });

  it("refuses every change that another site's page sends with a good cookie", async () => {
    for (const route of routes.filter((each) => each.method !== "GET")) {
      const headers = { cookie: cookies.admin ?? "", origin: "https://evil.example" };
      const url = route.url.replaceAll(/:[A-Za-z]+/g, "nothing");
      const answer = await access.app.inject({ method: route.method as "POST", url, headers, payload: {} });
      expect(answer.statusCode, `${route.method} ${route.url}`).toBe(403);
      expect(errorBodySchema.parse(answer.json()).error.code).toBe("cross-site");
    }
  });

  it("describes every route of the API, with what it takes and gives", async () => {
    const api = (await access.app.inject("/api/openapi.json")).json();
    const described = Object.entries<Record<string, { responses: Record<string, { content?: object }> }>>(api.paths);
    const names = described.flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
    );
    const hidden = ["GET /*", "GET /api/openapi.json", "GET /api/events"];
    const expected = routes.map((route) => `${route.method} ${route.url}`).filter((name) => !hidden.includes(name));
    expect(names.sort()).toEqual(expected.sort());
  });
});
