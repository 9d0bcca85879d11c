import type { QueueJobView } from "@mailbrake/contract";
import { describe, expect, it } from "vitest";
import { actionStanding, jobInWords, jobTone } from "./job-progress.ts";

const job = (over: Partial<QueueJobView> = {}): QueueJobView => ({
  id: "j1",
  instanceId: "i1",
  hostId: "h1",
  hostName: "mx1",
  instance: "postfix:/etc/postfix",
  state: "running",
  stopping: false,
  total: 1_000,
  done: 300,
  skipped: 20,
  failed: 0,
  detail: "",
  backup: "",
  startedAt: "2026-11-21T03:00:00Z",
  answeredAt: "2026-11-21T03:00:01Z",
  endedAt: null,
  ...over,
});

describe("jobInWords", () => {
  it.each([
    [{}, "Running, 320 of 1,000 messages"],
    [{ stopping: true }, "Stopping, 320 of 1,000 messages"],
    [{ state: "asked", startedAt: null }, "Asked, not sent yet"],
    [{ state: "unknown" }, "Unknown: the connection went after it was sent"],
    [{ state: "done", done: 980 }, "Done, 1,000 of 1,000 messages"],
    [{ state: "done", done: 970, failed: 10 }, "Ended, 1,000 of 1,000 messages; 10 failed"],
    [{ state: "stopped", startedAt: null }, "Stopped before it started"],
    [{ state: "failed" }, "Failed at 320 of 1,000 messages"],
  ] as const)("%j", (over, words) => expect(jobInWords(job(over))).toBe(words));
});

describe("jobTone", () => {
  it("is trouble where something failed, whatever the state says", () => {
    expect(jobTone(job({ state: "done", failed: 1 }))).toBe("trouble");
    expect(jobTone(job({ state: "done" }))).toBe("settled");
    expect(jobTone(job({ state: "unknown" }))).toBe("trouble");
  });
});

describe("actionStanding", () => {
  it("never says done before a host has said so", () => {
    const jobs = [job({ state: "sent", startedAt: null, total: 0, done: 0, skipped: 0 })];
    expect(actionStanding({ jobs, ended: false })).toEqual({ words: "Not started yet", tone: "moving" });
  });
  it("sums up over the instances, and says what is wrong at how many", () => {
    const jobs = [job(), job({ id: "j2", state: "unreachable", startedAt: null, total: 0, done: 0, skipped: 0 })];
    expect(actionStanding({ jobs, ended: false })).toEqual({
      words:
        "300 of 1,000 messages done · 20 had left the queue before · 1 of 2 instances running · 1 of 2 instances host unreachable",
      tone: "trouble",
    });
  });
  it("says that nothing was done where every host refused", () => {
    const jobs = [
      job({ state: "refused", startedAt: null, total: 0, done: 0, skipped: 0, endedAt: "2026-11-21T03:00:01Z" }),
    ];
    expect(actionStanding({ jobs, ended: true })).toEqual({
      words: "Nothing was done · refused by the host",
      tone: "trouble",
    });
  });
});
