import type { AgentArguments } from "@mailbrake/contract";
import type { SmtpTalk } from "../integration/postfix-driver/smtp-talk.ts";
import type { Bench } from "./bench.ts";
import type { CellCase } from "./cell-cases.ts";
import { type ReplyValues, replyPattern, withoutValues } from "./declared-reply.ts";
import { recipient } from "./match-samples.ts";

/** How a cell is proved by mail: while the brake is in force, and after its lift. */
export interface Proof {
  /** Gives what the sender saw, without what differs from run to run. */
  inForce(): Promise<string>;
  afterLift(released: number): Promise<void>;
}

/** A cell's brake as it was asked for, and what its plan declared. */
export interface Trial {
  bench: Bench;
  cell: CellCase;
  order: AgentArguments & { app: string };
  declared: string;
}

/** The session that all matches of the cell mean. */
export function meant(cell: CellCase): Partial<SmtpTalk> {
  return Object.assign({}, ...cell.samples.map((sample) => sample.meant));
}

/** Sessions that differ from it in one match each, and must be spared. */
export function spared(cell: CellCase): Partial<SmtpTalk>[] {
  return cell.samples.flatMap((sample) => (sample.spared ? [{ ...meant(cell), ...sample.spared }] : []));
}

/** The start of what a sender sees that is made to wait: nothing. */
export const noAnswerYet = "no answer until";

/** A limit a minute that makes the pace one a second. */
export const onePerSecond = 60;

/** The words that the suite has every brake say. */
export const brakeText = "Stopped by the conformance suite";

export function replyValues({ bench, cell, order }: Trial): ReplyValues {
  const talk = meant(cell);
  return {
    client: talk.from ?? bench.lab.machineAddress,
    sender: talk.sender ?? "writer@outside.example",
    recipient: talk.recipients?.[0] ?? recipient,
    host: bench.host.fullName,
    text: brakeText,
    ref: order.app,
  };
}

/** One of the things that were seen is exactly what the plan declared; gives it as it stands in the table. */
export function asDeclared(trial: Trial, seen: readonly string[]): string {
  const values = replyValues(trial);
  const pattern = replyPattern(trial.declared, values);
  const found = seen.find((text) => pattern.test(text));
  if (found === undefined) throw new Error(`declared was "${trial.declared}", seen was ${JSON.stringify(seen)}`);
  return withoutValues(found, values);
}
