import type { ChangeEvent } from "@mailbrake/contract";

export interface NumberedChange {
  id: number;
  change: ChangeEvent;
}

/** Live changes inside one server; routes/events-routes.ts carries them to browsers. */
export interface EventBus {
  publish(change: ChangeEvent): void;
  /** Returns the way to stop. */
  subscribe(listener: (numbered: NumberedChange) => void): () => void;
  /** What came after `id`, or null where that is no longer known. */
  since(id: number): NumberedChange[] | null;
}

/**
 * An event bus that remembers the newest `keep` changes.
 * Ids start at the time of the start in milliseconds, so that a browser's id from before a restart is recognised as unknown.
 */
export function createEventBus(options: { keep?: number; firstId?: number } = {}): EventBus {
  const keep = options.keep ?? 1_000;
  const listeners = new Set<(numbered: NumberedChange) => void>();
  let kept: NumberedChange[] = [];
  const startId = options.firstId ?? Date.now();
  let lastId = startId;

  return {
    publish(change) {
      lastId += 1;
      const numbered = { id: lastId, change };
      kept.push(numbered);
      if (kept.length > keep * 2) kept = kept.slice(-keep);
      for (const listener of listeners) listener(numbered);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    since(id) {
      const oldestKnown = (kept[0]?.id ?? lastId + 1) - 1;
      if (id < startId || id < oldestKnown || id > lastId) return null;
      return kept.filter((numbered) => numbered.id > id);
    },
  };
}
