/**
 * Purpose: Prisma over SQLite with one connection for changes and one for reading.
 * Guarantees: what is read outside a transaction has been committed, and what is written outside one is never part of another's transaction.
 *   (Prisma's own adapter has a single connection, on which every query joins whatever transaction happens to be open.)
 *   A commit is on the disk (WAL, synchronous=FULL) before it is answered.
 * How it fails: a change that gets no turn within the limit fails by name; a failed COMMIT is rolled back.
 * If killed: SQLite takes the last commit from the WAL at the next open.
 */
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import type {
  IsolationLevel,
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
  SqlQuery,
  Transaction,
} from "@prisma/driver-adapter-utils";
import { createWriteLock, type WriteLock } from "./write-lock.ts";

const busyTimeoutMs = 5_000;
const writeTurnMs = 30_000;

const reads = /^\s*(SELECT|WITH|EXPLAIN)\b/i;

/** Prisma driver adapter for the database file at `path`; the file must exist and hold the tables. */
export function createSqliteAdapterFactory(path: string): SqlDriverAdapterFactory {
  return {
    provider: "sqlite",
    adapterName: "mailbrake-sqlite",
    async connect() {
      const factory = new PrismaBetterSqlite3({ url: path, timeout: busyTimeoutMs });
      const writer = await factory.connect();
      await writer.executeScript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;");
      const reader = await factory.connect();
      await reader.executeScript("PRAGMA query_only=ON;");
      return joinConnections(writer, reader, createWriteLock(writeTurnMs));
    },
  };
}

function joinConnections(writer: SqlDriverAdapter, reader: SqlDriverAdapter, lock: WriteLock): SqlDriverAdapter {
  async function withTurn<T>(work: () => Promise<T>): Promise<T> {
    const release = await lock.acquire();
    try {
      return await work();
    } finally {
      release();
    }
  }

  return {
    provider: "sqlite",
    adapterName: "mailbrake-sqlite",
    queryRaw: (query: SqlQuery) =>
      reads.test(query.sql) ? reader.queryRaw(query) : withTurn(() => writer.queryRaw(query)),
    executeRaw: (query: SqlQuery) => withTurn(() => writer.executeRaw(query)),
    executeScript: (script: string) => withTurn(() => writer.executeScript(script)),
    async startTransaction(isolationLevel?: IsolationLevel) {
      const release = await lock.acquire();
      try {
        return releaseAtEnd(await writer.startTransaction(isolationLevel), release);
      } catch (error) {
        release();
        throw error;
      }
    },
    async dispose() {
      await reader.dispose();
      await writer.dispose();
    },
  };
}

/** Prisma sends COMMIT or ROLLBACK as a query and then calls commit() or rollback(); where COMMIT fails it calls neither. */
function releaseAtEnd(transaction: Transaction, release: () => void): Transaction {
  const rollbackQuery: SqlQuery = { sql: "ROLLBACK", args: [], argTypes: [] };
  return {
    provider: transaction.provider,
    adapterName: transaction.adapterName,
    options: transaction.options,
    queryRaw: (query) => transaction.queryRaw(query),
    async executeRaw(query) {
      try {
        return await transaction.executeRaw(query);
      } catch (error) {
        if (query.sql === "COMMIT") {
          // SQLite keeps the transaction open after some failed commits (disk full, busy); after others there is none to roll back,
          // which fails and is no matter: the failed commit is thrown.
          await transaction.executeRaw(rollbackQuery).catch(() => {});
          await transaction.rollback();
          release();
        }
        throw error;
      }
    },
    async commit() {
      await transaction.commit();
      release();
    },
    async rollback() {
      await transaction.rollback();
      release();
    },
    createSavepoint: (name) => transaction.createSavepoint?.(name) ?? Promise.resolve(),
    rollbackToSavepoint: (name) => transaction.rollbackToSavepoint?.(name) ?? Promise.resolve(),
    releaseSavepoint: (name) => transaction.releaseSavepoint?.(name) ?? Promise.resolve(),
  };
}
