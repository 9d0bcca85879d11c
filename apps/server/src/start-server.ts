/**
 * Purpose: brings the whole control plane up from a configuration, and down again.
 * Guarantees: nothing listens before the database is migrated and the audit key is at hand; what was taken is given back when a step of the start fails.
 * How it fails: StartError or ConfigError, in a sentence that says what to do.
 * If killed: the next start goes on from what is committed; there is no other path for recovery.
 */
import { fileURLToPath } from "node:url";
import { generateSshKeyPair } from "@mailbrake/fleet";
import { applyMigrations, openStore } from "@mailbrake/prisma";
import type { FastifyBaseLogger } from "fastify";
import { pino } from "pino";
import { buildApp } from "./app.ts";
import { createSlices, type SliceHooks } from "./create-slices.ts";
import { makeSetupLink, type SetupLink } from "./features/access/index.ts";
import { createAuditLog } from "./platform/audit-log.ts";
import { systemClock } from "./platform/clock.ts";
import type { Config } from "./platform/config.ts";
import { ensureControlKey } from "./platform/control-key.ts";
import { explainDataError, takeDataFolder } from "./platform/data-folder.ts";
import { createEventBus } from "./platform/event-bus.ts";
import { listen } from "./platform/listen.ts";
import { createLiveConnections } from "./platform/live-connections.ts";
import { deriveKey, loadMasterKey } from "./platform/master-key.ts";
import { createSecretVault } from "./platform/secret-vault.ts";
import { createTransactor, type Store } from "./platform/store.ts";

export interface RunningServer {
  /** How the first admin is made; null where there is a user. */
  setupLink: SetupLink | null;
  /** Ends it in order: no new requests, no new orders, connections closed, database closed. */
  stop(): Promise<void>;
}

/** In the order in which they must be undone, last first. */
type Undo = (() => unknown)[];

const dashboardFolder = fileURLToPath(new URL("../../web/dist", import.meta.url));

/**
 * @param hooks for tests: told at each step of the executor
 * @throws StartError, ConfigError; nothing is left running then
 */
export async function startServer(config: Config, hooks: SliceHooks = {}): Promise<RunningServer> {
  const undo: Undo = [];
  const stop = async () => {
    for (let last = undo.pop(); last; last = undo.pop()) await last();
  };
  try {
    const setupLink = await bringUp(config, hooks, undo);
    return { setupLink, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openDatabase(config: Config, undo: Undo): Promise<Store> {
  const lock = takeDataFolder(config.dataFolder);
  undo.push(() => lock.release());
  try {
    await applyMigrations(config.databaseUrl);
    const store = openStore(config.databaseUrl);
    undo.push(() => store.$disconnect());
    await store.$connect();
    return store;
  } catch (error) {
    throw explainDataError(error, config.dataFolder);
  }
}

async function bringUp(config: Config, hooks: SliceHooks, undo: Undo): Promise<SetupLink | null> {
  const logger: FastifyBaseLogger = pino({ level: config.logLevel, base: null });
  const clock = systemClock;
  const store = await openDatabase(config, undo);
  const masterKey = loadMasterKey(config.secretFile, config.secret, (await store.secret.count()) === 0);
  const headKey = deriveKey(masterKey, "audit-head");
  const vault = createSecretVault(deriveKey(masterKey, "secrets"));
  const sessionKey = deriveKey(masterKey, "sessions");
  const events = createEventBus();
  const transactor = createTransactor(store, events);
  const audit = createAuditLog({ clock, headKey });
  const connections = createLiveConnections(events);
  const controlKey = await ensureControlKey({ transactor, audit, vault, generate: generateSshKeyPair });

  const base = { config, store, transactor, audit, clock, events, connections, logger };
  const slices = createSlices({ ...base, headKey, sessionKey, controlKey, hooks });
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
  await listen(app, config);
  return makeSetupLink({ transactor, clock, url: config.url });
}
