/**
 * Purpose: the orders of one host, one at a time, and its status between them. There is one lane a host, so that no slow host delays another.
 * Guarantees: an order goes out only after it was recorded, with `attempts` saying that it may have; a newer order keeps an older one from being sent;
 *   what is in doubt is settled by `status` before anything else is sent; an order without a connection waits and goes out once the host is back.
 * Fails: into a state with words; a database that refuses leaves the order as one in doubt.
 * Killed in the middle: what was recorded as asked or sent is in doubt after the restart, and the same loop asks the host.
 */

import { ttlSeconds } from "@mailbrake/domain";
import type { FleetResult } from "@mailbrake/fleet";
import type { OutcomeWriter } from "../../platform/outcome-writer.ts";
import { type ApplicationRow, applicationRowInclude } from "./application-row.ts";
import type { BrakesDeps, BrakesLimits } from "./brakes-deps.ts";
import {
  applyOutcome,
  liftOutcome,
  neverAppliedSettlement,
  type OrderOutcome,
  unreachableSettlement,
} from "./order-outcome.ts";
import { applyArguments, liftArguments } from "./order-request.ts";
import { type Settled, type Settlement, settleApplication } from "./settle-application.ts";
import { takeInStatus } from "./take-in-status.ts";

export interface HostLane {
  /** Orders that have just been recorded, to be sent without reading them again. */
  give(orders: readonly ApplicationRow[]): void;
  /** Something may be due here: the link changed, an order waits. */
  wake(): void;
  /** Asks the host what it has, then does what is due. */
  check(): void;
  stop(): Promise<void>;
}

export interface HostLaneOptions {
  hostId: string;
  deps: BrakesDeps;
  limits: BrakesLimits;
  writer: OutcomeWriter;
  /** Told after the commit. */
  onSettled: (row: ApplicationRow, settled: Settled) => void;
}

export function createHostLane({ hostId, deps, limits, writer, onSettled }: HostLaneOptions): HostLane {
  const { store, fleet, audit, clock, log } = deps;
  const step = deps.onStep ?? (() => {});
  let inbox: ApplicationRow[] = [];
  const newest = new Map<string, number>();
  const busyCounts = new Map<string, number>();
  const writes = new Set<Promise<void>>();
  let readDue = true;
  let statusDue = true;
  let doubts = 0;
  let again = false;
  let stopped = false;
  let running: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let laterStatus = false;

  const later = (milliseconds: number, withStatus = false) => {
    clearTimeout(timer);
    laterStatus ||= withStatus;
    if (stopped) return;
    timer = setTimeout(() => {
      statusDue ||= laterStatus;
      laterStatus = false;
      wake();
    }, milliseconds);
  };

  /** Writes without being waited for; the lane reads nothing before all its own writes are through. */
  const record = (row: ApplicationRow, settlement: Settlement, afterwards?: () => void): void => {
    let settled: Settled = { outcome: "skipped" };
    const write: Promise<void> = writer
      .write(async (scope) => {
        settled = await settleApplication(scope, audit, row, settlement);
      })
      .then(() => {
        afterwards?.();
        onSettled(row, settled);
      })
      .catch((error: unknown) => {
        log.error({ hostId, applicationId: row.id, err: error }, "an outcome could not be recorded; the host is asked");
        statusDue = true;
        later(1_000);
      })
      .finally(() => writes.delete(write));
    writes.add(write);
  };
  const written = async () => {
    while (writes.size > 0) await Promise.all(writes);
  };

  const askStatus = () => {
    statusDue = true;
    again = true;
  };

  const isSuperseded = (row: ApplicationRow) => (newest.get(row.id) ?? 0) > row.orderNumber;

  /** Says ahead, in the database, that the line may go out. False where a newer order came first. */
  const claim = async (row: ApplicationRow): Promise<boolean> => {
    const { count } = await store.application.updateMany({
      where: { id: row.id, orderNumber: row.orderNumber, endedAt: null },
      data: { attempts: 1 },
    });
    row.attempts = 1;
    return count === 1;
  };

  const send = async (row: ApplicationRow): Promise<void> => {
    if (isSuperseded(row)) return;
    const startedAt = clock();
    let answered = false;
    const onSent = () => {
      step("sent");
      row.sentAt = startedAt;
      const settlement: Settlement = {
        event: "line-sent",
        patch: { sentAt: startedAt, detail: "", nextAttemptAt: null, attempts: Math.max(1, row.attempts) },
      };
      const write: Promise<void> = writer
        .write(async (scope) => {
          // The answer came first: one write less before the evidence is on the screen.
          if (!answered) await settleApplication(scope, audit, row, settlement);
        })
        .catch((error: unknown) =>
          log.error({ applicationId: row.id, err: error }, "could not record that a line went out"),
        )
        .finally(() => writes.delete(write));
      writes.add(write);
    };
    let outcome: OrderOutcome;
    if (row.wanted === "lifted") {
      step("sending");
      const result = await fleet.request(hostId, "lift", liftArguments(row), {
        timeoutMs: limits.liftTimeoutMs,
        onSent,
      });
      answered = true;
      step("answered");
      outcome = liftOutcome(row, result, clock());
    } else {
      const ttl = ttlSeconds(row.brake.expiresAt, startedAt);
      if (ttl === null && row.attempts === 0)
        return record(row, neverAppliedSettlement(row, startedAt, "its time ran out before the host could be reached"));
      if (ttl === null) return askStatus();
      if (row.attempts === 0 && !(await claim(row))) return;
      step("sending");
      const ask = (ttlSeconds: number): Promise<FleetResult<"apply">> =>
        fleet.request(hostId, "apply", applyArguments(row, ttlSeconds), { timeoutMs: limits.applyTimeoutMs, onSent });
      let result = await ask(ttl);
      // To a host, the same number of seconds is the same order; an extension by as much as before must differ from it.
      if (isOldExpiry(row, ttl, result, clock())) result = await ask(ttl - 1);
      answered = true;
      step("answered");
      outcome = applyOutcome(row, result, clock());
    }
    follow(row, outcome);
  };

  /** An extension that the host took for the order that it already had. */
  const isOldExpiry = (row: ApplicationRow, ttl: number, result: FleetResult<"apply">, now: Date): boolean => {
    if (row.orderNumber === 1 || ttl < 2 || result.outcome !== "answered" || result.answer.outcome !== "already")
      return false;
    const hostNow = now.getTime() / 1_000 + (row.host.clockSkewSeconds ?? 0);
    return Math.abs(result.answer.expires - (hostNow + ttl)) > 2;
  };

  const follow = (row: ApplicationRow, outcome: OrderOutcome): void => {
    const recorded = () => step("outcome-recorded");
    switch (outcome.next) {
      case "settled":
        busyCounts.delete(row.id);
        if (newest.get(row.id) === row.orderNumber) newest.delete(row.id);
        record(row, outcome.settlement, recorded);
        return;
      case "ask-status":
        askStatus();
        if (outcome.settlement !== null) record(row, outcome.settlement, recorded);
        return;
      case "busy": {
        const count = (busyCounts.get(row.id) ?? 0) + 1;
        const tooOften = count > limits.busyRetries;
        if (tooOften) busyCounts.delete(row.id);
        else busyCounts.set(row.id, count);
        const detail = `The host is busy: ${outcome.words}`;
        const nextAttemptAt = tooOften ? null : new Date(clock().getTime() + limits.busyRetryMs);
        record(row, { event: tooOften ? "host-refused" : "ordered", patch: { detail, nextAttemptAt } }, recorded);
        if (!tooOften) later(limits.busyRetryMs);
      }
    }
  };

  const sendAll = async (rows: readonly ApplicationRow[]): Promise<void> => {
    for (const row of rows) {
      // What is in doubt is settled first; the rest is read again after that.
      if (stopped || statusDue) return;
      await send(row);
    }
  };

  const markUnreachable = async (): Promise<void> => {
    const link = fleet.link(hostId);
    if (link.state === "connecting") return;
    inbox = [];
    await written();
    const now = clock();
    const nextAttemptAt = link.nextAttemptAt === null ? null : new Date(link.nextAttemptAt);
    const rows = await store.application.findMany({
      where: { hostId, endedAt: null, state: { in: ["asked", "unreachable"] } },
      include: applicationRowInclude,
    });
    for (const row of rows) {
      const expired = row.attempts === 0 && ttlSeconds(row.brake.expiresAt, now) === null;
      if (expired) record(row, neverAppliedSettlement(row, now, "its time ran out before the host could be reached"));
      else if (row.state === "asked") record(row, unreachableSettlement(row, link.detail, nextAttemptAt));
    }
    await written();
  };

  const pass = async (): Promise<void> => {
    if (fleet.link(hostId).state !== "connected") {
      statusDue = true;
      return markUnreachable();
    }
    if (!statusDue && !readDue) return sendAll(inbox.splice(0));
    await written();
    if (statusDue) {
      const taken = await takeInStatus({ hostId, deps, limits, writer, onSettled });
      if (taken === "lost") {
        later(limits.askAgainMs[Math.min(doubts, limits.askAgainMs.length - 1)] ?? 5_000);
        doubts += 1;
        return;
      }
      doubts = 0;
      statusDue = false;
      if (taken === "ask-later") later(limits.askLaterMs, true);
    }
    readDue = false;
    // Whatever was given before this read is in it.
    inbox = [];
    const owed = await store.application.findMany({
      where: { hostId, endedAt: null, state: { in: ["asked", "unreachable"] } },
      include: applicationRowInclude,
      orderBy: [{ askedAt: "asc" }, { id: "asc" }],
    });
    const now = clock().getTime();
    const notBefore = (row: ApplicationRow) => (row.state === "asked" ? (row.nextAttemptAt?.getTime() ?? now) : now);
    const put = owed.filter((row) => notBefore(row) > now);
    if (put.length > 0) later(Math.max(10, Math.min(...put.map(notBefore)) - now));
    const rows = owed.filter((row) => notBefore(row) <= now);
    const given = new Set(rows.map(({ id, orderNumber }) => `${id} ${orderNumber}`));
    await sendAll(rows);
    inbox = inbox.filter(({ id, orderNumber }) => !given.has(`${id} ${orderNumber}`));
  };

  const run = async (): Promise<void> => {
    try {
      do {
        again = false;
        await pass();
      } while (again && !stopped);
    } catch (error) {
      log.error({ hostId, err: error }, "a host's orders stopped for a moment");
      statusDue = true;
      if (!stopped) later(1_000);
    } finally {
      running = null;
    }
  };

  const start = () => {
    if (stopped) return;
    again = true;
    running ??= run();
  };

  function wake(): void {
    readDue = true;
    start();
  }

  return {
    give(orders) {
      for (const order of orders) newest.set(order.id, order.orderNumber);
      inbox.push(...orders);
      start();
    },
    wake,
    check() {
      statusDue = true;
      wake();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      // An order that is out may take a minute to be answered; it is in doubt then, and asked about after the next start.
      const limit = new Promise<void>((resolve) => setTimeout(resolve, 3_000).unref());
      await Promise.race([(running ?? Promise.resolve()).then(written), limit]);
    },
  };
}
