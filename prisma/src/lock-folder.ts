import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";

export interface FolderLock {
  release(): void;
}

/**
 * Takes a folder for this process alone, by an exclusive lock on a SQLite file in it. The kernel gives it back when the process ends in whatever way,
 * so a dead process never keeps it.
 * @returns null when another process has it
 * @throws what the file system says
 */
export function lockFolder(folder: string): FolderLock | null {
  const file = join(folder, "server.lock");
  closeSync(openSync(file, "a", 0o600));
  const database = new Database(file, { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code === "SQLITE_BUSY") return null;
    throw error;
  }
  return { release: () => database.close() };
}
