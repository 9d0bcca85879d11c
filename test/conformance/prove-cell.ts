/** The steps that each cell goes through: plan, apply, mail, status, apply again, lift, mail again, files. */
import type { AgentArguments } from "@mailbrake/contract";
import { expect } from "vitest";
import type { Bench } from "./bench.ts";
import type { CellCase } from "./cell-cases.ts";
import { deliveryProof } from "./delivery-proofs.ts";
import { listenerProof, throttleLimit } from "./listener-proofs.ts";
import { localProof } from "./local-proofs.ts";
import { brakeText, noAnswerYet, onePerSecond, type Proof, type Trial } from "./proof.ts";

const proofs = { listener: listenerProof, local: localProof, delivery: deliveryProof, external: () => undefined };
let applicationCount = 0;

/** What came of a cell: what the sender saw, or the driver's own words where it takes the match in another form only. */
export interface CellProof {
  seen: string;
  refused: boolean;
}

/** Proves one cell; throws where the host, the mail or the files (`before` as they must be again) are not as declared. */
export async function proveCell(bench: Bench, cell: CellCase, before: readonly string[]): Promise<CellProof> {
  const order = orderOf(bench, cell);
  const plan = await bench.planOrRefusal(order);
  if (typeof plan === "string") {
    expect(plan).toContain("the nearest");
    return { seen: `refused: ${plan}`, refused: true };
  }
  expect(plan.steps.length).toBeGreaterThan(0);
  expect(plan.loses).toBe(cell.cell.loses);
  const proof = proofOf({ bench, cell, order, declared: plan.reply });

  if (bench.subject.forget && cell.kind === "listener" && cell.cell.effect === "throttle")
    await bench.host.shell(bench.subject.forget);
  const applied = await bench.agent.ask("apply", order);
  expect(applied.final.outcome).toBe("applied");
  expectWell(applied.final.checked);
  const stands = async () => {
    const status = await bench.status(order.app);
    expect(status.drift).toEqual([]);
    expect(status.intact).toBe(true);
    expect((await bench.agent.ask("apply", order)).final.outcome).toBe("already");
  };
  // the agent's check connects too, which a throttle would count; and the proof of a close asks the agent itself
  const seen = await (["throttle", "close"].includes(cell.cell.effect)
    ? oneAfterTheOther(proof.inForce, stands)
    : bothAtOnce(proof.inForce, stands));

  const lifted = await bench.agent.ask("lift", { app: order.app, by: "test", reason: "test" });
  expect(lifted.final.outcome).toBe("lifted");
  expectWell(lifted.final.checked);
  await proof.afterLift(lifted.final.released);
  expect(await bench.managedFiles()).toEqual(before);
  return { seen, refused: false };
}

async function oneAfterTheOther<T>(first: () => Promise<T>, then: () => Promise<void>): Promise<T> {
  const seen = await first();
  await then();
  return seen;
}

/** Mail is waited for while the agent is asked. Ends when both have, also where one fails: what comes next has the agent for itself. */
async function bothAtOnce<T>(first: () => Promise<T>, other: () => Promise<void>): Promise<T> {
  const [seen, asked] = await Promise.allSettled([first(), other()]);
  if (seen.status === "rejected") throw seen.reason;
  if (asked.status === "rejected") throw asked.reason;
  return seen.value;
}

function orderOf(bench: Bench, cell: CellCase): Trial["order"] {
  applicationCount += 1;
  const app = `C${applicationCount}`;
  const [match = "", match2] = cell.samples.map((sample) => sample.match);
  return { ...ordered(bench, cell, match, match2), ...limitOf(cell), app, brake: app };
}

/** The keys of an order but for its name and its limit. */
export function ordered(
  bench: Bench,
  { point, cell }: Pick<CellCase, "point" | "cell">,
  match: string,
  match2?: string,
): AgentArguments {
  const order: AgentArguments = {
    instance: bench.subject.instance,
    point: point.point,
    effect: cell.effect,
    match,
    text: brakeText,
    ttl: "0",
    by: "test",
    reason: "test",
  };
  return match2 ? { ...order, match2 } : order;
}

function limitOf({ kind, limit, cell }: CellCase): AgentArguments {
  if (!limit) return {};
  const paced = kind === "delivery" || cell.reply.startsWith(noAnswerYet);
  return { [limit]: String(paced ? onePerSecond : throttleLimit) };
}

function proofOf(trial: Trial): Proof {
  const proof = proofs[trial.cell.kind](trial);
  if (!proof) throw new Error(`declared, but the suite has no way to try it: ${trial.cell.name}`);
  return proof;
}

function expectWell(checked: readonly { what: string; ok: boolean }[]): void {
  expect(checked.filter((one) => !one.ok)).toEqual([]);
  expect(checked.length).toBeGreaterThan(0);
}
