/** Brakes at local submission, tried by sendmail(1) as a user of the host. */
import { expect } from "vitest";
import { asDeclared, meant, type Proof, type Trial } from "./proof.ts";

/** Undefined for an effect that the suite can't try here. */
export function localProof(trial: Trial): Proof | undefined {
  switch (trial.cell.cell.effect) {
    case "tempfail":
      return statusOf(trial.declared) === 0 ? waits(trial) : refusal(trial);
    case "reject":
      return refusal(trial);
    case "hold":
      return hold(trial);
    default:
      return undefined;
  }
}

const ordinarySender = "cron@lab.example";
function senders({ cell }: Trial): { meantSender: string; sparedSenders: string[] } {
  return {
    meantSender: meant(cell).sender ?? ordinarySender,
    sparedSenders: cell.samples.flatMap((sample) =>
      sample.spared?.sender === undefined ? [] : [sample.spared.sender],
    ),
  };
}

async function othersPass({ bench }: Trial, sparedSenders: readonly string[]): Promise<void> {
  await bench.arrives((await bench.send(bench.entry, {})).subject);
  for (const sender of sparedSenders) {
    const { subject, status, said } = await bench.submit(sender);
    expect(`${status} ${said}`.trim()).toBe("0");
    await bench.arrives(subject);
  }
}

async function open(trial: Trial): Promise<void> {
  await othersPass(trial, [senders(trial).meantSender]);
}

function statusOf(declared: string): number {
  const found = /exit status (\d+)/.exec(declared);
  if (!found) throw new Error(`"${declared}" does not tell the exit status that a program sees`);
  return Number(found[1]);
}

function refusal(trial: Trial): Proof {
  const { bench, declared } = trial;
  const { meantSender, sparedSenders } = senders(trial);
  return {
    inForce: async () => {
      const { status, said, subject } = await bench.submit(meantSender);
      expect(status).toBe(statusOf(declared));
      const seen = [`${said} (exit status ${status})`];
      if (declared.includes("comes back to its sender")) {
        const [before = "", reply = ""] = declared.split(/(?<=sender: )/);
        if (meantSender !== "") expect(await bench.bounceOf(subject, meantSender)).toContain(reply);
        seen.push(before + reply);
      }
      await othersPass(trial, sparedSenders);
      expect(await bench.inSink(subject)).toEqual([]);
      return asDeclared(trial, seen);
    },
    afterLift: async () => await open(trial),
  };
}

/** The program is told that all is well, and its mail waits in the queue of submission, which is tried again as ever. */
function waits(trial: Trial): Proof {
  const { bench, declared } = trial;
  const { meantSender, sparedSenders } = senders(trial);
  let waiting = "";
  return {
    inForce: async () => {
      const { status, said, subject } = await bench.submit(meantSender);
      waiting = subject;
      expect(`${status} ${said}`.trim()).toBe(String(statusOf(declared)));
      await bench.until("one message waits", async () => (await bench.countQueued()) === 1);
      await othersPass(trial, sparedSenders);
      await bench.host.shell(bench.subject.flush);
      await bench.until("one message waits", async () => (await bench.countQueued()) === 1);
      expect(await bench.inSink(waiting)).toEqual([]);
      return declared;
    },
    afterLift: async () => {
      await bench.host.shell(bench.subject.flush);
      await bench.arrives(waiting);
      await open(trial);
      expect(await bench.inSink(waiting)).toHaveLength(1);
    },
  };
}

function hold(trial: Trial): Proof {
  const { bench, declared } = trial;
  const { meantSender, sparedSenders } = senders(trial);
  let held = "";
  return {
    inForce: async () => {
      const { status, said, subject } = await bench.submit(meantSender);
      held = subject;
      expect(`${status} ${said}`.trim()).toBe(String(statusOf(declared)));
      await bench.until("one message is held", async () => (await bench.countHeld()) === 1);
      await othersPass(trial, sparedSenders);
      await bench.host.shell(bench.subject.flush);
      expect(await bench.countHeld()).toBe(1);
      expect(await bench.inSink(held)).toEqual([]);
      return declared;
    },
    afterLift: async (released) => {
      expect(released).toBe(1);
      await bench.arrives(held);
      await open(trial);
      expect(await bench.inSink(held)).toHaveLength(1);
      expect(await bench.countHeld()).toBe(0);
    },
  };
}
