import { describe, expect, it } from "vitest";
import { queueActionCan } from "./queue-action-can.ts";
import {
  checkSelection,
  hasQueues,
  queueConfirmationWord,
  queueLaneViolation,
  releaseRateProblem,
  selectionInWords,
} from "./queue-rules.ts";

const all = { match: [{ kind: "all" as const, value: "" }] };
const to = (value: string) => ({ match: [{ kind: "recipient" as const, value }] });

describe("a selection of queued mail", () => {
  it("is brought to the form of brakes", () => {
    expect(checkSelection({ match: [{ kind: "sender", value: " Bob@GOOD.test " }], olderSeconds: 60 })).toEqual({
      ok: true,
      selection: { match: [{ kind: "sender", value: "Bob@good.test" }], olderSeconds: 60 },
    });
  });

  it.each([
    [{ match: [{ kind: "helo" as const, value: "x.test" }] }, "selection.match.0.kind"],
    [{ match: [{ kind: "client" as const, value: "10.1" }] }, "selection.match.0.value"],
    [{ ...all, olderSeconds: 60, youngerSeconds: 30 }, "selection.youngerSeconds"],
    [{ ...all, largerBytes: 10, smallerBytes: 10 }, "selection.smallerBytes"],
  ])("that can't be is refused by its field: %#", (selection, field) => {
    expect(checkSelection(selection)).toMatchObject({ ok: false, field });
  });

  it("is said in words", () => {
    expect(
      selectionInWords({ ...all, queue: "deferred", olderSeconds: 14_400, largerBytes: 5, applicationId: "a" }),
    ).toBe("all mail, in the queue deferred, older than 4 hours, at least 5 bytes, held by one brake");
    expect(selectionInWords({ ...to("lab.example"), youngerSeconds: 90, smallerBytes: 7 })).toBe(
      "to anyone at lab.example, younger than 90 seconds, under 7 bytes",
    );
  });
});

describe("what the operator protects", () => {
  const lane = [
    { kind: "recipient" as const, value: "pager@oncall.test" },
    { kind: "client" as const, value: "192.0.2.7" },
  ];

  it("is neither held, bounced nor deleted by name; letting it go is no harm", () => {
    for (const action of ["hold", "bounce", "delete"] as const)
      expect(queueLaneViolation(action, to("oncall.test"), lane)).toMatchObject({ field: "selection.match.0.value" });
    for (const action of ["release", "requeue", "flush"] as const)
      expect(queueLaneViolation(action, to("oncall.test"), lane)).toBeNull();
  });

  it("doesn't keep anyone from a flood to postmaster, from a protected client, or from all mail", () => {
    const client = { match: [{ kind: "client" as const, value: "192.0.2.7" }] };
    for (const selection of [to("postmaster@lab.example"), client, all])
      expect(queueLaneViolation("delete", selection, lane)).toBeNull();
  });
});

it("what takes mail out of the queue undelivered asks for its word", () => {
  expect((["hold", "release", "requeue", "flush", "restore"] as const).map(queueConfirmationWord)).toEqual(
    Array(5).fill(null),
  );
  expect((["delete", "bounce"] as const).map(queueConfirmationWord)).toEqual(["delete", "bounce"]);
});

it("only a release has a rate, and only with a rate does it stop by itself", () => {
  expect(releaseRateProblem("release", { ratePerMinute: 5, stopAboveQueued: 9 })).toBeNull();
  expect(releaseRateProblem("hold", {})).toBeNull();
  expect(releaseRateProblem("hold", { ratePerMinute: 5 })).toMatchObject({ field: "ratePerMinute" });
  expect(releaseRateProblem("release", { stopAboveDeferredPerMinute: 5 })).toMatchObject({
    field: "stopAboveDeferredPerMinute",
  });
});

it("mail servers have queues, firewalls have none", () => {
  expect(["postfix", "exim", "sendmail", "opensmtpd"].every(hasQueues)).toBe(true);
  expect(["nftables", "site"].some(hasQueues)).toBe(false);
});

describe("a queue action", () => {
  const job = { stopping: false, endedAt: null, backup: "" } as never;
  const ended = { stopping: false, endedAt: "2026-01-01T00:00:00.000Z", backup: "/b" } as never;

  it("can be stopped once, while it runs", () => {
    expect(queueActionCan.stop({ ended: false, jobs: [ended, job] }).allowed).toBe(true);
    expect(queueActionCan.stop({ ended: true, jobs: [ended] }).allowed).toBe(false);
    expect(queueActionCan.stop({ ended: false, jobs: [{ ...(job as object), stopping: true } as never] }).allowed).toBe(
      false,
    );
  });

  it("can be restored when it was a delete that has ended and took something", () => {
    expect(queueActionCan.restore({ action: "delete", ended: true, jobs: [ended] }).allowed).toBe(true);
    expect(queueActionCan.restore({ action: "delete", ended: true, jobs: [job] }).allowed).toBe(false);
    expect(queueActionCan.restore({ action: "delete", ended: false, jobs: [ended] }).allowed).toBe(false);
    expect(queueActionCan.restore({ action: "bounce", ended: true, jobs: [ended] }).allowed).toBe(false);
  });
});
