/**
 * Purpose: brings the whole control plane up from a configuration, and down again.
 * Guarantees: nothing listens before the database is migrated and the audit key is at hand; what was taken is given back when a step of the start fails.
 * How it fails: StartError or ConfigError, in a sentence that says what to do.
 * If killed: the next start goes on from what is committed; there is no other path for recovery.
 */
import { fileURLToPath } from "node:url";
import { generateSshKeyPair } from "@mailbrake/fleet";
import type { FastifyBaseLogger } from "fastify";
import { pino } from "pino";
import { buildApp } from "./app.ts";
import { createSlices, type SliceHooks } from "./create-slices.ts";
import { makeSetupLink, type SetupLink } from "./features/access/index.ts";
import type { Config } from "./platform/config.ts";
import { ensureControlKey } from "./platform/control-key.ts";
import { listen } from "./platform/listen.ts";
import { createLiveConnections } from "./platform/live-connections.ts";
import { openPlatform, type Undo, undoAll } from "./platform/open-platform.ts";

export interface RunningServer {
  /** How the first admin is made; null where there is a user. */
  setupLink: SetupLink | null;
  /** Ends it in order: no new requests, no new orders, connections closed, database closed. */
  stop(): Promise<void>;
}

const dashboardFolder = fileURLToPath(new URL("../../web/dist", import.meta.url));

/**
 * @param hooks for tests: told at each step of the executor
 * @throws StartError, ConfigError; nothing is left running then
 */
export async function startServer(config: Config, hooks: SliceHooks = {}): Promise<RunningServer> {
  const undo: Undo = [];
  try {
    const setupLink = await bringUp(config, hooks, undo);
    return { setupLink, stop: () => undoAll(undo) };
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}

async function bringUp(config: Config, hooks: SliceHooks, undo: Undo): Promise<SetupLink | null> {
  const logger: FastifyBaseLogger = pino({ level: config.logLevel, base: null });
  const platform = await openPlatform(config, undo);
  const connections = createLiveConnections(platform.events);
  const controlKey = await ensureControlKey({ ...platform, generate: generateSshKeyPair });

  const slices = createSlices({ ...platform, config, connections, logger, controlKey, hooks });
  undo.push(() => slices.stop());
  const app = await buildApp({
    ...slices.access,
    config,
    logger,
    connections,
    slices: slices.registerRoutes,
    dashboardFolder,
  });
  undo.push(() => app.close());
  await slices.start();
  const setupLink = await makeSetupLink({ ...platform, url: config.url });
  await listen(app, config);
  return setupLink;
}
