/** For tests: the real application around the access slice, with a database of its own and users of each role who sign in for real. */
import { type UserRole, userRoles } from "@mailbrake/contract";
import type { LightMyRequestResponse } from "fastify";
import { buildApp } from "../../app.ts";
import { createLiveConnections, type LiveConnections } from "../../platform/live-connections.ts";
import type { MailbrakeApp, RegisterSlice } from "../../platform/mailbrake-app.ts";
import { createTestStore, type TestStore } from "../../platform/test-store.ts";
import { createAccessSlice, makeSetupLink } from "./index.ts";

const url = "http://localhost:8090";
export const testPassword = "correct horse battery";

export interface AccessTestApp {
  app: MailbrakeApp;
  test: TestStore;
  connections: LiveConnections;
  /** A new set-up link's token; null once there is a user. */
  setupToken(): Promise<string | null>;
  post(path: string, payload: object, cookie?: string): Promise<LightMyRequestResponse>;
  /** Signs in and gives the Cookie header. */
  signIn(email: string, password?: string): Promise<string>;
  /** Makes the first admin by the link and a user of each role by the admin; gives their cookies. */
  makeEveryRole(): Promise<Record<UserRole, string>>;
  close(): Promise<void>;
}

/**
 * @param slices further slices to register after access
 * @param first registered before all routes
 */
export async function buildAccessTestApp(
  slices: (test: TestStore, connections: LiveConnections) => RegisterSlice[] = () => [],
  first: RegisterSlice = () => {},
  guessesPerMinute = 1_000,
): Promise<AccessTestApp> {
  const test = await createTestStore();
  const connections = createLiveConnections(test.events);
  const access = createAccessSlice({ ...test, connections, url, sessionKey: Buffer.alloc(32, 7), guessesPerMinute });
  const app = await buildApp({
    ...access,
    config: { url, trustedProxies: [] },
    connections,
    slices: [first, access.registerRoutes, ...slices(test, connections)],
    requestsPerMinute: 1_000_000,
    dashboardFolder: "/nonexistent",
  });

  const post: AccessTestApp["post"] = (path, payload, cookie) =>
    app.inject({ method: "POST", url: path, payload, headers: { origin: url, ...(cookie ? { cookie } : {}) } });

  async function setupToken(): Promise<string | null> {
    const link = await makeSetupLink({ transactor: test.transactor, clock: test.clock, url });
    return link?.url.split("#token=")[1] ?? null;
  }

  async function signIn(email: string, password = testPassword): Promise<string> {
    const answer = await post("/api/auth/sign-in/email", { email, password });
    if (answer.statusCode !== 200) throw new Error(answer.body);
    return answer.cookies.map((cookie) => `${cookie.name}=${encodeURIComponent(cookie.value)}`).join("; ");
  }

  return {
    app,
    test,
    connections,
    setupToken,
    post,
    signIn,
    async makeEveryRole() {
      const person = { name: "Ada", email: "Ada@lab.example", password: testPassword };
      await post("/api/setup", { ...person, token: await setupToken() });
      const admin = await signIn("ada@lab.example");
      for (const role of userRoles.filter((each) => each !== "admin"))
        await post("/api/users", { name: role, email: `${role}@lab.example`, role, password: testPassword }, admin);
      const [viewer, operator] = [await signIn("viewer@lab.example"), await signIn("operator@lab.example")];
      return { viewer, operator, admin };
    },
    async close() {
      await app.close();
      await test.close();
    },
  };
}
