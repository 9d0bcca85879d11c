/**
 * Purpose: questions about queues, one at a time at each host, so that each one's time limit runs only while the host works on it.
 * Guarantees: hosts wait for nothing of each other; a question waits for those before it no longer than `turnWaitMs`, and is not sent after that.
 * Fails: as the fleet does.
 */
import type { AgentArguments } from "@mailbrake/contract";
import type { Fleet, FleetResult } from "@mailbrake/fleet";

export interface HostTurns {
  ask<V extends "queue" | "survey">(
    hostId: string,
    verb: V,
    values: AgentArguments,
    timeoutMs: number,
  ): Promise<FleetResult<V>>;
}

export function createHostTurns(fleet: Pick<Fleet, "request">, turnWaitMs: number): HostTurns {
  const last = new Map<string, Promise<unknown>>();
  return {
    async ask(hostId, verb, values, timeoutMs) {
      const before = last.get(hostId) ?? Promise.resolve();
      let givenUp = false;
      const answer = before.then(() =>
        givenUp ? null : fleet.request(hostId, verb, values, { channel: "queues", timeoutMs }),
      );
      // Whoever asked gets the error, by `answer`; the next in turn only waits for the end.
      const turn = answer.catch(() => {});
      last.set(hostId, turn);
      void turn.then(() => {
        if (last.get(hostId) === turn) last.delete(hostId);
      });
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<"too long">((resolve) => {
        timer = setTimeout(() => resolve("too long"), turnWaitMs);
      });
      const mine = await Promise.race([before, tooLong]);
      clearTimeout(timer);
      if (mine === "too long") {
        givenUp = true;
        return {
          outcome: "unreachable",
          detail: "the host is still busy with an earlier question about its queues; try again",
        };
      }
      const result = await answer;
      if (result === null) throw new Error("a question that was not given up was not asked");
      return result;
    },
  };
}
