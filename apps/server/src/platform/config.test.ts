import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "./config.ts";

describe("readConfig", () => {
  it("needs nothing", () => {
    const config = readConfig({});
    expect(config).toMatchObject({ host: "127.0.0.1", port: 8090, url: "http://127.0.0.1:8090", protectedLane: [] });
    expect(config.databaseUrl).toBe(`file:${join(config.dataFolder, "mailbrake.sqlite")}`);
  });

  it("takes an empty value for none", () => {
    expect(readConfig({ MAILBRAKE_PORT: "" }).port).toBe(8090);
  });

  it("makes the URL from host and port, so that it can be opened", () => {
    expect(readConfig({ MAILBRAKE_HOST: "::", MAILBRAKE_PORT: "80" }).url).toBe("http://localhost:80");
    expect(readConfig({ MAILBRAKE_HOST: "::1" }).url).toBe("http://[::1]:8090");
    expect(readConfig({ MAILBRAKE_URL: "https://mailbrake.example.org/" }).url).toBe("https://mailbrake.example.org");
  });

  it("reads the protected lane", () => {
    const { protectedLane } = readConfig({
      MAILBRAKE_PROTECT: "client:10.0.0.5, recipient:pager@lab.example,client:2001:db8::/32,sender:<>",
    });
    expect(protectedLane).toEqual([
      { kind: "client", value: "10.0.0.5" },
      { kind: "recipient", value: "pager@lab.example" },
      { kind: "client", value: "2001:db8::/32" },
      { kind: "sender", value: "<>" },
    ]);
  });

  it("keeps the database where it is told", () => {
    expect(readConfig({ MAILBRAKE_DATA: "data" }).dataFolder).toBe(resolve("data"));
  });

  it.each([
    ["MAILBRAKE_PORT", "0"],
    ["MAILBRAKE_PORT", "65536"],
    ["MAILBRAKE_PORT", "8090x"],
    ["MAILBRAKE_URL", "mailbrake.example.org"],
    ["MAILBRAKE_URL", "ftp://mailbrake.example.org"],
    ["MAILBRAKE_URL", "https://example.org/mailbrake"],
    ["MAILBRAKE_PROTECT", "all:"],
    ["MAILBRAKE_PROTECT", "client"],
    ["MAILBRAKE_PROTECT", "cleint:10.0.0.5"],
    ["MAILBRAKE_LOG", "loud"],
    ["MAILBRAKE_TRUSTED_PROXY", "proxy.example.org"],
  ])("names %s when it is %s", (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(ConfigError);
    expect(() => readConfig({ [name]: value })).toThrow(`${name}: `);
  });
});
