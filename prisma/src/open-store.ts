import { closeSync, openSync } from "node:fs";
import { PrismaClient } from "./generated/client.ts";
import { createSqliteAdapterFactory } from "./sqlite-adapter.ts";

/**
 * The path of a `file:` database URL, or the path itself.
 * @throws Error naming MAILBRAKE_DATA for any other kind of URL
 */
export function databasePath(url: string): string {
  const path = url.replace(/^file:/, "");
  if (path === "" || path === ":memory:" || /^[a-z]+:\/\//i.test(path))
    throw new Error("The database must be a file, e.g. file:/var/lib/mailbrake-server/mailbrake.sqlite");
  return path;
}

/**
 * Opens the database; the migrations must have been applied.
 * @param url `file:/path/to/mailbrake.sqlite`; made with mode 0600 where it doesn't exist
 * @throws what the file system says
 */
export function openStore(url: string): PrismaClient {
  const path = databasePath(url);
  closeSync(openSync(path, "a", 0o600));
  return new PrismaClient({
    adapter: createSqliteAdapterFactory(path),
    transactionOptions: { maxWait: 30_000, timeout: 30_000 },
  });
}
