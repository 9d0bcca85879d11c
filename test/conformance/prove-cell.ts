/** The steps that each cell goes through: plan, apply, mail, status, apply again, lift, mail again, files. */
import type { AgentArguments } from "@mailbrake/contract";
import { expect } from "vitest";
import type { Bench } from "./bench.ts";
import type { CellCase } from "./cell-cases.ts";
import { deliveriesPerMinute, deliveryProof } from "./delivery-proofs.ts";
import { listenerProof, throttleLimit } from "./listener-proofs.ts";
import { localProof } from "./local-proofs.ts";
import { brakeText, type Proof, type Trial } from "./proof.ts";

const proofs = { listener: listenerProof, local: localProof, delivery: deliveryProof, external: () => undefined };
let applicationCount = 0;

/** Proves one cell and gives what the sender saw; throws where the host, the mail or the files (`before` as they must be again) are not as declared. */
export async function proveCell(bench: Bench, cell: CellCase, before: readonly string[]): Promise<string> {
  const order = orderOf(bench, cell);
  const plan = await bench.plan(order);
  expect(plan.steps.length).toBeGreaterThan(0);
  expect(plan.loses).toBe(cell.cell.loses);
  const proof = proofOf({ bench, cell, order, declared: plan.reply });

  const applied = await bench.agent.ask("apply", order);
  expect(applied.final.outcome).toBe("applied");
  expectWell(applied.final.checked);
  const seen = await proof.inForce();
  const status = await bench.status(order.app);
  expect(status.drift).toEqual([]);
  expect(status.intact).toBe(true);
  expect((await bench.agent.ask("apply", order)).final.outcome).toBe("already");

  const lifted = await bench.agent.ask("lift", { app: order.app, by: "test", reason: "test" });
  expect(lifted.final.outcome).toBe("lifted");
  expectWell(lifted.final.checked);
  await proof.afterLift(lifted.final.released);
  expect(await bench.managedFiles()).toEqual(before);
  return seen;
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

function limitOf({ kind, limit }: CellCase): AgentArguments {
  if (!limit) return {};
  return { [limit]: String(kind === "delivery" ? deliveriesPerMinute : throttleLimit) };
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
