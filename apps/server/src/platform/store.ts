/** The one way to the database. A change and its audit event commit together, and what listeners hear comes only after the commit. */
import type { ChangeEvent } from "@mailbrake/contract";
import type { Prisma, PrismaClient } from "@mailbrake/prisma";

export type Store = PrismaClient;
export type StoreTransaction = Prisma.TransactionClient;

export interface TransactionScope {
  transaction: StoreTransaction;
  /** Live events to send once the transaction has committed; dropped with it otherwise. */
  publish: (change: ChangeEvent) => void;
}

export interface Transactor {
  /**
   * Runs `work` in one serializable transaction.
   * @throws what `work` throws, after a rollback; nothing has been published then
   */
  inTransaction<T>(work: (scope: TransactionScope) => Promise<T>): Promise<T>;
}
