/** For the tests of slices: the real application around the given slices, with the role taken from a header instead of a session. */
import type { UserRole } from "@mailbrake/contract";
import { buildApp } from "../app.ts";
import { createEventBus } from "./event-bus.ts";
import { createLiveConnections } from "./live-connections.ts";
import type { MailbrakeApp, RegisterSlice } from "./mailbrake-app.ts";

/** Header for `inject`: `inject({ method, url, headers: as("operator") })`. */
export function as(role: UserRole): Record<string, string> {
  return { "x-test-role": role };
}

/** Builds it; `close()` it after the test. */
export function buildTestApp(slices: RegisterSlice[]): Promise<MailbrakeApp> {
  return buildApp({
    config: { url: "http://localhost:8090", trustedProxies: [] },
    connections: createLiveConnections(createEventBus()),
    slices,
    dashboardFolder: "/nonexistent",
    requestsPerMinute: 1_000_000,
    authenticate: async (request) => {
      const role = request.headers["x-test-role"] as UserRole | undefined;
      if (!role) return null;
      return {
        user: { id: `test-${role}`, name: `Test ${role}`, email: `${role}@lab.example`, role },
        sessionId: `session-${role}`,
        sessionExpiresAt: new Date(Date.now() + 3_600_000),
      };
    },
    onRefused: async () => {},
  });
}
