import { createBrakeRequestSchema, errorBodySchema, MailbrakeError } from "@mailbrake/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { MailbrakeApp } from "./platform/mailbrake-app.ts";
import { as, buildTestApp } from "./platform/test-app.ts";

describe("the application", () => {
  let app: MailbrakeApp;
  beforeAll(async () => {
    app = await buildTestApp([
      (slice) => {
        slice.get(
          "/api/read",
          { config: { access: "viewer" }, schema: { response: { 200: z.object({ by: z.string() }) } } },
          async (request) => ({ by: request.actor.name }),
        );
        slice.post(
          "/api/change",
          {
            config: { access: "operator" },
            schema: { body: createBrakeRequestSchema, response: { 200: z.object({}) } },
          },
          async () => ({}),
        );
        slice.get("/api/known", { config: { access: "public" } }, async () => {
          throw new MailbrakeError("conflict", { field: "state", detail: "It is lifted." });
        });
        slice.get("/api/unknown", { config: { access: "public" } }, async () => {
          throw new Error("the password is hunter2");
        });
      },
    ]);
  });
  afterAll(() => app.close());

  it("doesn't take a route that does not say who may use it", async () => {
    const careless = buildTestApp([(slice) => void slice.get("/api/open", async () => "oops")]);
    await expect(careless).rejects.toThrow("/api/open does not say who may use it");
  });

  it("tells who asks", async () => {
    const answer = await app.inject({ url: "/api/read", headers: as("viewer") });
    expect(answer.json()).toEqual({ by: "Test viewer" });
  });

  it("answers 401 to nobody and 403, with the role that is needed, to too small a role", async () => {
    expect((await app.inject({ url: "/api/read" })).statusCode).toBe(401);
    const refused = await app.inject({ method: "POST", url: "/api/change", headers: as("viewer"), payload: {} });
    expect(refused.statusCode).toBe(403);
    expect(errorBodySchema.parse(refused.json()).error.detail).toContain("operator");
  });

  it("names the field of bad input", async () => {
    const payload = {
      effect: "tempfail",
      match: [{ kind: "all" }],
      blockPointIds: ["a"],
      reason: "  ",
      expiresInSeconds: 60,
    };
    const answer = await app.inject({ method: "POST", url: "/api/change", headers: as("operator"), payload });
    expect(answer.statusCode).toBe(400);
    expect(errorBodySchema.parse(answer.json()).error).toMatchObject({ code: "bad-input", field: "reason" });
  });

  it("answers what can't be read with the catalogue's words", async () => {
    const headers = { ...as("operator"), "content-type": "application/json" };
    const answer = await app.inject({ method: "POST", url: "/api/change", headers, payload: "{" });
    expect(errorBodySchema.parse(answer.json()).error.code).toBe("bad-input");
    const large = await app.inject({
      method: "POST",
      url: "/api/change",
      headers,
      payload: `"${"x".repeat(300_000)}"`,
    });
    expect(large.statusCode).toBe(413);
    expect(errorBodySchema.parse(large.json()).error.code).toBe("too-large");
    expect((await app.inject("/api/no-such-thing")).statusCode).toBe(404);
  });

  it("gives a thrown error its code, and keeps the words of one that it doesn't know to the log", async () => {
    const known = errorBodySchema.parse((await app.inject("/api/known")).json()).error;
    expect(known).toMatchObject({ code: "conflict", field: "state", detail: "It is lifted." });
    const unknown = await app.inject("/api/unknown");
    expect(unknown.statusCode).toBe(500);
    expect(unknown.body).not.toContain("hunter2");
    expect(errorBodySchema.parse(unknown.json()).error.requestId).toBeTruthy();
  });

  it("refuses changes that another site's page sent", async () => {
    const send = (headers: Record<string, string>) =>
      app.inject({ method: "POST", url: "/api/change", headers: { ...as("operator"), ...headers }, payload: {} });
    const code = async (headers: Record<string, string>) => (await send(headers)).json().error.code;
    expect(await code({ origin: "https://evil.example" })).toBe("cross-site");
    expect(await code({ origin: "null" })).toBe("cross-site");
    expect(await code({ "sec-fetch-site": "cross-site" })).toBe("cross-site");
    expect(await code({ "sec-fetch-site": "same-site" })).toBe("cross-site");
    expect(await code({ cookie: "a=b" })).toBe("cross-site");
    expect(await code({ cookie: "a=b", "sec-fetch-site": "same-origin" })).toBe("bad-input");
    expect(await code({ cookie: "a=b", origin: "http://localhost:8090" })).toBe("bad-input");
  });

  it("sends a strict content security policy", async () => {
    const { headers } = await app.inject("/api/health");
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  it("describes its own API", async () => {
    const api = (await app.inject("/api/openapi.json")).json();
    expect(api.openapi).toBe("3.1.0");
    const change = api.paths["/api/change"].post;
    expect(change.requestBody.content["application/json"].schema.properties.reason.maxLength).toBe(300);
    expect(Object.keys(change.responses)).toEqual(expect.arrayContaining(["200", "4XX", "5XX"]));
  });

  it("says so where the dashboard is not built", async () => {
    const answer = await app.inject("/board");
    expect(answer.statusCode).toBe(503);
    expect(answer.body).toContain("not built");
  });
});
