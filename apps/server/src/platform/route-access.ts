/**
 * Purpose: closed unless opened. Every route says who may use it; a route that doesn't can't be registered.
 * Guarantees: no handler of a non-public route runs without a signed-in, enabled user whose role suffices.
 * How it fails: 401 or 403 from the catalogue; each 403 is told to `onRefused` (the audit log).
 */
import { type Actor, MailbrakeError, type UserRole, userRoles } from "@mailbrake/contract";
import type { FastifyRequest } from "fastify";
import type { MailbrakeApp } from "./mailbrake-app.ts";

export type Access = "public" | UserRole;

export interface SignedInUser {
  id: string;
  name: string;
  email: string;
  role: UserRole;
}

export interface SignedIn {
  user: SignedInUser;
  sessionId: string;
  sessionExpiresAt: Date;
}

/** Tells who sends the request; null for nobody. Must refuse disabled users and ended sessions. */
export type Authenticate = (request: FastifyRequest) => Promise<SignedIn | null>;

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** Null on public routes, where nobody is asked. */
    signedIn: SignedIn | null;
    /** Who did it, for the audit log. @throws MailbrakeError not-signed-in on public routes */
    readonly actor: Actor;
    /** @throws MailbrakeError not-signed-in on public routes */
    readonly user: SignedInUser;
  }
}

/** Whether a role may do what needs `needed`. */
export function roleSuffices(role: UserRole, needed: UserRole): boolean {
  return userRoles.indexOf(role) >= userRoles.indexOf(needed);
}

function signedInOf(request: FastifyRequest): SignedIn {
  if (!request.signedIn) throw new MailbrakeError("not-signed-in");
  return request.signedIn;
}

export interface RouteAccessOptions {
  authenticate: Authenticate;
  onRefused: (request: FastifyRequest, signedIn: SignedIn, needed: UserRole) => Promise<void>;
}

/** Must be registered before any route. */
export function registerRouteAccess(app: MailbrakeApp, options: RouteAccessOptions): void {
  app.decorateRequest("signedIn", null);
  app.decorateRequest("user", {
    getter(this: FastifyRequest) {
      return signedInOf(this).user;
    },
  });
  app.decorateRequest("actor", {
    getter(this: FastifyRequest): Actor {
      const { user } = signedInOf(this);
      return { kind: "user", id: user.id, name: user.name };
    },
  });

  app.addHook("onRoute", (route) => {
    if (route.config?.access === undefined)
      throw new Error(`${String(route.method)} ${route.url} does not say who may use it; give it config.access`);
  });

  app.addHook("onRequest", async (request) => {
    const needed = request.routeOptions.config.access;
    // Only the not-found handler has no access of its own; it tells nothing.
    if (needed === undefined || needed === "public") return;
    const signedIn = await options.authenticate(request);
    if (!signedIn) throw new MailbrakeError("not-signed-in");
    if (!roleSuffices(signedIn.user.role, needed)) {
      await options.onRefused(request, signedIn, needed);
      throw new MailbrakeError("not-allowed", {
        detail: `This needs the role ${needed}; yours is ${signedIn.user.role}.`,
      });
    }
    request.signedIn = signedIn;
  });
}
