import { MailbrakeError } from "@mailbrake/contract";
import type { FastifyRequest } from "fastify";

const harmlessMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses a change that another site's page made the browser send (CSRF). The cookie is SameSite=Strict already; this is the second lock.
 * A browser names itself by Sec-Fetch-Site or Origin. Neither is there: not a browser, and let through only where there is no cookie to abuse.
 * @throws MailbrakeError cross-site
 */
export function refuseCrossSite(request: FastifyRequest, ownOrigin: string): void {
  if (harmlessMethods.has(request.method)) return;
  const { origin, host, cookie } = request.headers;
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") throw new MailbrakeError("cross-site");
  if (origin !== undefined) {
    const ownHost = host !== undefined && URL.canParse(origin) && new URL(origin).host === host;
    if (origin !== ownOrigin && !ownHost) throw new MailbrakeError("cross-site");
    return;
  }
  if (site === undefined && cookie !== undefined)
    throw new MailbrakeError("cross-site", { detail: "Send an Origin header with a request that carries a cookie." });
}
