import type { AuditEvent } from "@mailbrake/contract";
import { type ChainHead, firstPreviousHash, hashEvent } from "./hash-chain.ts";

export interface ChainVerdict {
  intact: boolean;
  /** Events that were read and fit. */
  checked: number;
  /** The first place that does not fit, and what is wrong with it, for people. */
  brokenAt: { sequence: number; what: string } | null;
  headHash: string | null;
}

/**
 * Walks the chain from its beginning and stops at the first event that does not fit.
 * Finds every changed, added, removed or reordered event before the end; with `head`, kept elsewhere, also a tail that was cut off or added.
 * What it can't find: a whole chain written anew by someone who could also write `head`.
 * @param events all events, ascending by sequence as they were stored
 * @param head where the chain is known to end; null for an empty chain; undefined where it isn't known
 */
export async function verifyChain(
  events: AsyncIterable<AuditEvent> | Iterable<AuditEvent>,
  head?: ChainHead | null,
): Promise<ChainVerdict> {
  let last: ChainHead = { sequence: 0, hash: firstPreviousHash };
  const broken = (sequence: number, what: string): ChainVerdict => ({
    intact: false,
    checked: last.sequence,
    brokenAt: { sequence, what },
    headHash: last.sequence === 0 ? null : last.hash,
  });

  for await (const event of events) {
    const expected = last.sequence + 1;
    if (event.sequence !== expected)
      return broken(expected, `Event ${expected} is missing: event ${event.sequence} stands in its place.`);
    if (event.previousHash !== last.hash)
      return broken(
        expected,
        `Event ${expected} does not follow event ${last.sequence}: its previous hash is another.`,
      );
    if (event.hash !== hashEvent(event))
      return broken(expected, `Event ${expected} was changed: its content does not give its hash.`);
    last = { sequence: event.sequence, hash: event.hash };
  }

  if (head !== undefined) {
    const end = head ?? { sequence: 0, hash: firstPreviousHash };
    if (last.sequence < end.sequence)
      return broken(
        last.sequence + 1,
        `Event ${last.sequence + 1} is missing: the chain is known to end at ${end.sequence}.`,
      );
    if (last.sequence > end.sequence)
      return broken(
        end.sequence + 1,
        `Event ${end.sequence + 1} was added: the chain is known to end at ${end.sequence}.`,
      );
    if (last.hash !== end.hash)
      return broken(end.sequence, `Event ${end.sequence} is not the one that the chain is known to end with.`);
  }
  return { intact: true, checked: last.sequence, brokenAt: null, headHash: last.sequence === 0 ? null : last.hash };
}
