/** Turns taken one after another, with a limit on the wait: SQLite has one writer. */
export interface WriteLock {
  /**
   * Resolves with the way to give the lock back (calling it twice does nothing more).
   * @throws Error when `waitMs` passed without a turn
   */
  acquire(): Promise<() => void>;
}

/** @param waitMs the longest that one caller waits for its turn */
export function createWriteLock(waitMs: number): WriteLock {
  let held = false;
  const waiting: (() => void)[] = [];

  function release(): void {
    const next = waiting.shift();
    if (next === undefined) held = false;
    else next();
  }

  function releaseOnce(): () => void {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      release();
    };
  }

  return {
    acquire() {
      if (!held) {
        held = true;
        return Promise.resolve(releaseOnce());
      }
      return new Promise((resolve, reject) => {
        const takeTurn = () => {
          clearTimeout(timer);
          resolve(releaseOnce());
        };
        const timer = setTimeout(() => {
          const place = waiting.indexOf(takeTurn);
          if (place >= 0) waiting.splice(place, 1);
          reject(
            new Error(
              `The database was busy with another change for ${waitMs / 1000} s; nothing was written. Try again.`,
            ),
          );
        }, waitMs);
        waiting.push(takeTurn);
      });
    },
  };
}
