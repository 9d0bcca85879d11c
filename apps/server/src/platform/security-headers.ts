import type { FastifyHelmetOptions } from "@fastify/helmet";

/**
 * Headers for every answer. Scripts only from our own files, never inline. Styles may be inline: Mantine sets style attributes and a <style> of its own;
 * a style can't run code.
 * @param url the public base URL; plain http (a laptop, a lab) gets no HSTS and no upgrade
 */
export function securityHeaders(url: string): FastifyHelmetOptions {
  const https = url.startsWith("https:");
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:"],
        fontSrc: ["'self'", "data:"],
        connectSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        ...(https ? { upgradeInsecureRequests: [] } : {}),
      },
    },
    strictTransportSecurity: https ? { maxAge: 31_536_000 } : false,
    referrerPolicy: { policy: "no-referrer" },
    xFrameOptions: { action: "deny" },
    // Browsers take it over https alone, and complain on the console elsewhere.
    crossOriginOpenerPolicy: https ? { policy: "same-origin" } : false,
    crossOriginResourcePolicy: { policy: "same-origin" },
  };
}
