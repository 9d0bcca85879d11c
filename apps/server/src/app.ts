/** The order in which things are registered is the architecture; read it as the table of contents. */
import fastifyCookie from "@fastify/cookie";
import fastifyHelmet from "@fastify/helmet";
import fastifyRateLimit from "@fastify/rate-limit";
import fastifySwagger from "@fastify/swagger";
import { errorBodySchema, MailbrakeError } from "@mailbrake/contract";
import Fastify, { type FastifyBaseLogger, LogController } from "fastify";
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import type { Config } from "./platform/config.ts";
import { registerDashboardFiles } from "./platform/dashboard-files.ts";
import { setErrorHandlers } from "./platform/error-handler.ts";
import type { LiveConnections } from "./platform/live-connections.ts";
import type { MailbrakeApp, RegisterSlice } from "./platform/mailbrake-app.ts";
import { registerPlatformRoutes } from "./platform/platform-routes.ts";
import { registerRequestLog } from "./platform/request-log.ts";
import { type RouteAccessOptions, registerRouteAccess } from "./platform/route-access.ts";
import { refuseCrossSite } from "./platform/same-origin.ts";
import { securityHeaders } from "./platform/security-headers.ts";

export interface AppDependencies extends RouteAccessOptions {
  config: Pick<Config, "url" | "trustedProxies">;
  logger?: FastifyBaseLogger;
  connections: LiveConnections;
  /** In order; each adds the routes of one slice. */
  slices: RegisterSlice[];
  /** Folder of the built dashboard. */
  dashboardFolder: string;
  /** Requests a minute from one address, over all routes. */
  requestsPerMinute?: number;
}

const bodyLimitBytes = 262_144;

/** Builds the application, not yet listening; call `ready()` or `inject` on it. */
export async function buildApp(dependencies: AppDependencies): Promise<MailbrakeApp> {
  const { config, connections } = dependencies;
  const app: MailbrakeApp = Fastify({
    ...(dependencies.logger ? { loggerInstance: dependencies.logger } : {}),
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: config.trustedProxies.length > 0 ? config.trustedProxies : false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: 30_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  setErrorHandlers(app);
  registerRequestLog(app);
  app.addHook("onRequest", async (request) => refuseCrossSite(request, new URL(config.url).origin));
  await app.register(fastifyCookie);
  await app.register(fastifyHelmet, securityHeaders(config.url));
  await app.register(fastifyRateLimit, {
    max: dependencies.requestsPerMinute ?? 1_200,
    timeWindow: 60_000,
    errorResponseBuilder: () => new MailbrakeError("too-many-requests"),
  });
  registerRouteAccess(app, dependencies);
  app.addHook("onRoute", (route) => {
    const response = route.schema?.response as Record<string, unknown> | undefined;
    if (response) Object.assign(response, { "4xx": errorBodySchema, "5xx": errorBodySchema, ...response });
  });
  await app.register(fastifySwagger, {
    openapi: { openapi: "3.1.0", info: { title: "Mailbrake", version: "1" }, servers: [{ url: config.url }] },
    transform: jsonSchemaTransform,
  });

  for (const registerSlice of dependencies.slices) registerSlice(app);
  registerPlatformRoutes(app, connections);
  registerDashboardFiles(app, dependencies.dashboardFolder);

  app.addHook("preClose", async () => connections.closeAll());
  await app.ready();
  return app;
}
