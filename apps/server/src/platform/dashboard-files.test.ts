import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildApp } from "../app.ts";
import { createEventBus } from "./event-bus.ts";
import { createLiveConnections } from "./live-connections.ts";
import type { MailbrakeApp } from "./mailbrake-app.ts";

describe("the dashboard's files", () => {
  let folder: string;
  let app: MailbrakeApp;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "mailbrake-web-"));
    writeFileSync(join(folder, "secret.key"), "TOP SECRET");
    const dist = join(folder, "dist");
    mkdirSync(join(dist, "assets"), { recursive: true });
    writeFileSync(join(dist, "index.html"), "<title>The page</title>");
    writeFileSync(join(dist, "favicon.svg"), "<svg/>");
    writeFileSync(join(dist, "assets", "index-abc123.js"), "run()");
    app = await buildApp({
      config: { url: "http://localhost", trustedProxies: [] },
      connections: createLiveConnections(createEventBus()),
      slices: [],
      dashboardFolder: dist,
      authenticate: async () => null,
      onRefused: async () => {},
    });
    await app.listen({ host: "127.0.0.1", port: 0 });
  });
  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** As it stands, on a socket: fetch and inject would take the dots out first. */
  async function ask(path: string): Promise<string> {
    const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    let text = "";
    for await (const chunk of socket) text += chunk;
    return text;
  }

  it("are kept for ever when their name holds their hash", async () => {
    const { body, headers } = await app.inject("/assets/index-abc123.js");
    expect(body).toBe("run()");
    expect(headers["cache-control"]).toContain("immutable");
    expect(headers["content-type"]).toContain("javascript");
  });

  it("give the one page, never an old one, for every place in the dashboard", async () => {
    for (const url of ["/", "/index.html", "/brakes/abc?tab=evidence", "/setup", "/hosts/mx1.lab.example/x"]) {
      const answer = await app.inject(url);
      expect(answer.body, url).toContain("The page");
      expect(answer.headers["content-type"]).toContain("text/html");
    }
    expect((await app.inject("/board")).headers["cache-control"]).toBe("no-cache");
    expect((await app.inject("/favicon.svg")).body).toBe("<svg/>");
  });

  it("give an old page's missing script as missing, not as the page", async () => {
    const answer = await app.inject("/assets/index-old.js");
    expect(answer.statusCode).toBe(404);
    expect(answer.body).not.toContain("The page");
  });

  it("never answer for the API", async () => {
    for (const url of ["/api", "/api/", "/api/nothing"]) {
      const answer = await app.inject(url);
      expect(answer.statusCode, url).toBe(404);
      expect(answer.json().error.code).toBe("not-found");
    }
  });

  it("never leave their folder", async () => {
    for (const url of [
      "/../secret.key",
      "/assets/../../secret.key",
      "/assets/%2e%2e/%2e%2e/secret.key",
      "/assets/..%2f..%2fsecret.key",
      "/assets/..%5c..%5csecret.key",
      "/%2e%2e%2fsecret.key",
      "/assets//etc/passwd",
      "/assets/%00",
      "/%",
      "/%c0%ae%c0%ae/secret.key",
    ]) {
      const answer = await ask(url);
      expect(answer, url).toMatch(/^HTTP\/1\.1 [234]/);
      expect(answer, url).not.toContain("TOP SECRET");
      expect(answer, url).not.toContain("root:");
    }
  });
});
