/** The one way to the database. A change and its audit event commit together, and what listeners hear comes only after the commit. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ChangeEvent } from "@mailbrake/contract";
import type { Prisma, PrismaClient } from "@mailbrake/prisma";
import type { EventBus } from "./event-bus.ts";

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

/** Transactions over `store`, one after another; `work` must use the scope's transaction alone, and must not wait for anything but the database. */
export function createTransactor(store: Store, events: EventBus): Transactor {
  const inside = new AsyncLocalStorage<true>();
  return {
    async inTransaction(work) {
      // One writer: a transaction started inside another would wait for itself.
      if (inside.getStore())
        throw new Error("inTransaction was called inside a transaction; pass the scope on instead");
      const changes: ChangeEvent[] = [];
      const result = await inside.run(true, () =>
        store.$transaction((transaction) => work({ transaction, publish: (change) => changes.push(change) })),
      );
      for (const change of changes) events.publish(change);
      return result;
    },
  };
}
