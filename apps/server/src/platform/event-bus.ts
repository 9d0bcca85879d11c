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
