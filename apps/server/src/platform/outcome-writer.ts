/**
 * Purpose: writes what hosts and probes said, several outcomes in one transaction while the one before is still being committed.
 *   A brake on many hosts gets its answers almost together; one commit for each would make the last wait for all.
 * Guarantees: changes are written in the order given; one that fails takes no other with it.
 * Fails: the promise of the change rejects; what it was about is asked of the host again.
 * Killed in the middle: what is not committed never happened, and is found by `status` after the restart.
 */
import type { TransactionScope, Transactor } from "./store.ts";

export type Change = (scope: TransactionScope) => Promise<void>;

export interface OutcomeWriter {
  write(change: Change): Promise<void>;
  /** Resolves once everything given so far is committed or has failed. */
  idle(): Promise<void>;
}

/** So many changes go into one transaction at most, so that no writer waits long for its turn. */
const largestBatch = 50;

interface Waiting {
  change: Change;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export function createOutcomeWriter(transactor: Transactor): OutcomeWriter {
  let waiting: Waiting[] = [];
  let running: Promise<void> | null = null;

  const writeAlone = async ({ change, resolve, reject }: Waiting) => {
    try {
      await transactor.inTransaction(change);
      resolve();
    } catch (error) {
      reject(error);
    }
  };

  const run = async () => {
    // One turn of the loop, so that answers that came in the same read are written together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const batch = waiting.slice(0, largestBatch);
      waiting = waiting.slice(batch.length);
      if (batch.length === 1) {
        for (const only of batch) await writeAlone(only);
        continue;
      }
      try {
        await transactor.inTransaction(async (scope) => {
          for (const { change } of batch) await change(scope);
        });
        for (const { resolve } of batch) resolve();
      } catch {
        // Whose fault it was is found by writing each alone.
        for (const one of batch) await writeAlone(one);
      }
    }
    running = null;
  };

  return {
    write: (change) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ change, resolve, reject });
        running ??= run();
      }),
    async idle() {
      while (running !== null) await running;
    },
  };
}
