/**
 * Purpose: sign-in and sessions by better-auth, narrowed to what Mailbrake uses. Its own HTTP handler is not mounted: its sign-in answer carries the
 *   session token, which belongs in the HttpOnly cookie alone.
 * Guarantees: a disabled user gets no session and keeps none; role and disabled can't be set through it; sign-up is closed.
 */
import type { UserRole } from "@mailbrake/contract";
import { prismaAdapter } from "better-auth/adapters/prisma";
import { APIError } from "better-auth/api";
import { betterAuth } from "better-auth/minimal";
import type { SignedIn } from "../../platform/route-access.ts";
import type { Store } from "../../platform/store.ts";
import { hashPassword, passwordFits } from "./password-hash.ts";

const sessionSeconds = 7 * 86_400;
const clientAddressHeader = "x-mailbrake-client-address";

/** What a request says of its sender. */
export interface ClientHeaders {
  cookie: string | undefined;
  userAgent: string | undefined;
  address: string;
}

export interface Sessions {
  /** Null where address or password is wrong or the user is disabled. `cookies` are Set-Cookie values for the answer. */
  signIn(email: string, password: string, client: ClientHeaders): Promise<{ userId: string; cookies: string[] } | null>;
  /** Set-Cookie values that clear the browser's cookies; the session is gone. */
  signOut(client: ClientHeaders): Promise<string[]>;
  /** Who holds the cookie; null for nobody. */
  find(client: ClientHeaders): Promise<SignedIn | null>;
}

/**
 * @param url the public base URL; cookies are Secure where it is https
 * @param key 32 bytes that sign the cookies
 */
export function createSessions(options: { store: Store; url: string; key: Uint8Array }): Sessions {
  const { store, url, key } = options;
  const https = url.startsWith("https:");
  const auth = betterAuth({
    appName: "Mailbrake",
    baseURL: url,
    basePath: "/api/auth",
    secret: Buffer.from(key).toString("base64"),
    database: prismaAdapter(store, { provider: "sqlite", transaction: false }),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: 12,
      maxPasswordLength: 200,
      password: { hash: hashPassword, verify: ({ hash, password }) => passwordFits(hash, password) },
    },
    user: {
      additionalFields: {
        role: { type: "string", required: true, input: false },
        disabled: { type: "boolean", required: true, input: false },
      },
    },
    session: { expiresIn: sessionSeconds, updateAge: 86_400, disableSessionRefresh: true },
    // Sign-in is limited by the route, which sees the address that Fastify trusts.
    rateLimit: { enabled: false },
    databaseHooks: {
      session: {
        create: {
          before: async (session) => {
            const user = await store.user.findUnique({ where: { id: session.userId }, select: { disabled: true } });
            return user !== null && !user.disabled;
          },
        },
      },
    },
    advanced: {
      cookiePrefix: "mailbrake",
      useSecureCookies: https,
      defaultCookieAttributes: { httpOnly: true, sameSite: "strict", secure: https, path: "/" },
      ipAddress: { ipAddressHeaders: [clientAddressHeader] },
    },
    logger: { disabled: true },
    telemetry: { enabled: false },
  });

  function headersOf(client: ClientHeaders): Headers {
    const headers = new Headers({ [clientAddressHeader]: client.address });
    if (client.cookie) headers.set("cookie", client.cookie);
    if (client.userAgent) headers.set("user-agent", client.userAgent.slice(0, 300));
    return headers;
  }

  return {
    async signIn(email, password, client) {
      try {
        // An old cookie has no say in a new sign-in.
        const headers = headersOf({ ...client, cookie: undefined });
        const answer = await auth.api.signInEmail({ body: { email, password }, headers, returnHeaders: true });
        return { userId: answer.response.user.id, cookies: answer.headers.getSetCookie() };
      } catch (error) {
        if (error instanceof APIError && error.statusCode === 401) return null;
        throw error;
      }
    },
    async signOut(client) {
      const answer = await auth.api.signOut({ headers: headersOf(client), returnHeaders: true });
      return answer.headers.getSetCookie();
    },
    async find(client) {
      if (!client.cookie) return null;
      const found = await auth.api.getSession({ headers: headersOf(client), query: { disableRefresh: true } });
      if (!found || found.user.disabled) return null;
      const { id, name, email, role } = found.user;
      return {
        user: { id, name, email, role: role as UserRole },
        sessionId: found.session.id,
        sessionExpiresAt: found.session.expiresAt,
      };
    },
  };
}
