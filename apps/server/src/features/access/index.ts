/** Who may come in, and with which role. */
import type { FastifyRequest } from "fastify";
import type { RegisterSlice } from "../../platform/mailbrake-app.ts";
import type { RouteAccessOptions } from "../../platform/route-access.ts";
import type { Store } from "../../platform/store.ts";
import { clientHeaders, registerAccessRoutes } from "./access-routes.ts";
import { createAccessService } from "./access-service.ts";
import { createSessions } from "./sessions.ts";

export { resetPassword } from "./reset-password.ts";
export { makeSetupLink, type SetupLink } from "./setup-link.ts";

export interface AccessSlice extends RouteAccessOptions {
  registerRoutes: RegisterSlice;
}

type ServiceDependencies = Parameters<typeof createAccessService>[0];

/**
 * @param url the public base URL
 * @param sessionKey 32 bytes that sign the session cookies
 */
export function createAccessSlice(
  dependencies: Omit<ServiceDependencies, "sessions"> & {
    store: Store;
    url: string;
    sessionKey: Uint8Array;
    guessesPerMinute?: number;
  },
): AccessSlice {
  const { store, url, sessionKey, guessesPerMinute } = dependencies;
  const sessions = createSessions({ store, url, key: sessionKey });
  const service = createAccessService({ ...dependencies, sessions });
  return {
    registerRoutes: (app) => registerAccessRoutes(app, service, guessesPerMinute),
    authenticate: (request: FastifyRequest) => sessions.find(clientHeaders(request)),
    onRefused: (request, signedIn, needed) =>
      service.recordRefused(signedIn, request.method, request.routeOptions.url ?? "", needed),
  };
}
