/**
 * Purpose: applies the pending migrations to the database file.
 * Guarantees: all or nothing. The migrations run on a copy, which takes the database's place by a rename once every one has gone well:
 *   SQLite's own transactions can't hold a migration that switches foreign keys off, and a half-applied one would be refused for ever.
 * How it fails: the engine's or the file system's words; the database is as it was.
 * If killed: a `.migrating` file may be left, which the next run replaces.
 */
import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { databasePath } from "./open-store.ts";
import { emptyFilters, readMigrations, withSchemaEngine } from "./schema-engine.ts";

/**
 * @param packageFolder holds migrations/
 * @param url `file:/path/to/mailbrake.sqlite`, not opened by anyone else; made with mode 0600 where it doesn't exist
 * @returns the names of the migrations that were applied
 */
export async function deployMigrations(packageFolder: string, url: string): Promise<string[]> {
  const path = databasePath(url);
  if (pendingNames(packageFolder, path).length === 0) return [];
  const copy = `${path}.migrating`;
  for (const suffix of ["", "-journal", "-wal", "-shm"]) rmSync(`${copy}${suffix}`, { force: true });
  try {
    closeSync(openSync(copy, "wx", 0o600));
    if (hasContent(path)) {
      foldLogIn(path);
      copyFileSync(path, copy);
    }
    const migrationsList = readMigrations(packageFolder);
    const output = await withSchemaEngine(packageFolder, copy, (engine) =>
      engine.applyMigrations({ migrationsList, filters: emptyFilters }),
    );
    flush(copy);
    renameSync(copy, path);
    if (process.platform !== "win32") flush(dirname(path));
    return output.appliedMigrationNames;
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  }
}

const hasContent = (path: string) => existsSync(path) && statSync(path).size > 0;

/** Names of migrations in the folder that the database hasn't recorded as finished. */
function pendingNames(packageFolder: string, path: string): string[] {
  const names = readMigrations(packageFolder).migrationDirectories.map((directory) => directory.path);
  if (!hasContent(path)) return names;
  const database = new Database(path, { timeout: 5_000 });
  try {
    const table = database.prepare("SELECT 1 FROM sqlite_master WHERE name = '_prisma_migrations'").get();
    if (table === undefined) return names;
    const finished = database
      .prepare("SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL")
      .pluck()
      .all();
    return names.filter((name) => !finished.includes(name));
  } finally {
    database.close();
  }
}

/** A write-ahead log left beside a file that takes the database's place would be replayed into it. */
function foldLogIn(path: string): void {
  const database = new Database(path, { timeout: 5_000 });
  try {
    database.pragma("journal_mode=DELETE");
  } finally {
    database.close();
  }
  if (hasContent(`${path}-wal`)) throw new Error(`${path} is in use by another program; stop that one first.`);
}

function flush(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
