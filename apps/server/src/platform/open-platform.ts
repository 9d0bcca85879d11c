/**
 * Purpose: opens what every way of starting stands on: the data folder, the migrated database, the keys, the audit log.
 * Guarantees: the database is migrated and the keys are at hand when it returns; what it took is on `undo`, also where a later step fails.
 * How it fails: StartError or ConfigError, in a sentence that says what to do.
 */
import { applyMigrations, openStore } from "@mailbrake/prisma";
import { type AuditLog, createAuditLog } from "./audit-log.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import { explainDataError, takeDataFolder } from "./data-folder.ts";
import { createEventBus, type EventBus } from "./event-bus.ts";
import { deriveKey, loadMasterKey } from "./master-key.ts";
import { createSecretVault, type SecretVault } from "./secret-vault.ts";
import { createTransactor, type Store, type Transactor } from "./store.ts";

/** What was taken, in order; to be given back last first. */
export type Undo = (() => unknown)[];

export interface Platform {
  store: Store;
  transactor: Transactor;
  audit: AuditLog;
  events: EventBus;
  clock: Clock;
  vault: SecretVault;
  headKey: Buffer;
  sessionKey: Buffer;
}

/** @throws StartError, ConfigError */
export async function openPlatform(config: Config, undo: Undo): Promise<Platform> {
  const clock = systemClock;
  const store = await openDatabase(config, undo);
  const masterKey = loadMasterKey(config.secretFile, config.secret, (await store.secret.count()) === 0);
  const headKey = deriveKey(masterKey, "audit-head");
  const events = createEventBus();
  return {
    store,
    transactor: createTransactor(store, events),
    audit: createAuditLog({ clock, headKey }),
    events,
    clock,
    vault: createSecretVault(deriveKey(masterKey, "secrets")),
    headKey,
    sessionKey: deriveKey(masterKey, "sessions"),
  };
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

/** Gives back what was taken, last first. */
export async function undoAll(undo: Undo): Promise<void> {
  for (let last = undo.pop(); last; last = undo.pop()) await last();
}
