/** For tests: a migrated database of its own in a temporary folder, with everything that stands directly on it. Real SQLite, nothing faked. */
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyMigrationsHere, openStore } from "@mailbrake/prisma";
import { type AuditLog, createAuditLog } from "./audit-log.ts";
import type { Clock } from "./clock.ts";
import { createEventBus, type EventBus } from "./event-bus.ts";
import { createTransactor, type Store, type Transactor } from "./store.ts";

export interface TestStore {
  store: Store;
  transactor: Transactor;
  audit: AuditLog;
  events: EventBus;
  clock: Clock;
  /** Turns the clock; it stands still otherwise only if asked to, by `setTime`. */
  setTime(time: Date | null): void;
  /** Key that seals the audit chain's end. */
  headKey: Buffer;
  folder: string;
  databaseFile: string;
  close(): Promise<void>;
}

let template: Promise<string> | undefined;

/** The migrations take a third of a second; each test file pays once and copies after that. */
function migratedTemplate(): Promise<string> {
  template ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), "mailbrake-template-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "template.sqlite");
    await applyMigrationsHere(file);
    return file;
  })();
  return template;
}

/** Makes one; `close` removes it. */
export async function createTestStore(): Promise<TestStore> {
  const folder = mkdtempSync(join(tmpdir(), "mailbrake-test-"));
  const databaseFile = join(folder, "mailbrake.sqlite");
  copyFileSync(await migratedTemplate(), databaseFile);
  const store = openStore(`file:${databaseFile}`);
  const events = createEventBus();
  const headKey = randomBytes(32);
  let fixedTime: Date | null = null;
  const clock: Clock = () => fixedTime ?? new Date();
  return {
    store,
    transactor: createTransactor(store, events),
    audit: createAuditLog({ clock, headKey }),
    events,
    clock,
    setTime: (time) => {
      fixedTime = time;
    },
    headKey,
    folder,
    databaseFile,
    async close() {
      await store.$disconnect();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
