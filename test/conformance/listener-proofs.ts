/** Brakes at a listener, tried by SMTP from another machine. */
import { expect } from "vitest";
import type { SmtpAnswers, SmtpTalk } from "../integration/postfix-driver/smtp-talk.ts";
import { isSubmission } from "./cell-cases.ts";
import { asDeclared, meant, type Proof, spared, type Trial } from "./proof.ts";

/** Undefined for an effect that the suite can't try here. */
export function listenerProof(trial: Trial): Proof | undefined {
  switch (trial.cell.cell.effect) {
    case "tempfail":
    case "reject":
      return refusal(trial);
    case "discard":
      return discard(trial);
    case "hold":
      return hold(trial);
    case "throttle":
      return throttle(trial);
    case "close":
      return close(trial);
    default:
      return undefined;
  }
}

/** The answer that decided: to the recipient, or to what came before it. */
function decisive(seen: SmtpAnswers): string {
  return seen.recipients.at(-1) ?? seen.answers.MAIL ?? seen.banner;
}

/** Mail that the brake does not mean is taken, and goes on to the sink. */
async function othersPass({ bench, cell }: Trial): Promise<void> {
  for (const talk of spared(cell)) {
    const { subject } = await bench.send(cell.point, talk);
    await bench.arrives(subject);
  }
}

async function open({ bench, cell }: Trial): Promise<void> {
  const { subject } = await bench.send(cell.point, meant(cell));
  await bench.arrives(subject);
}

function refusal(trial: Trial): Proof {
  const { bench, cell } = trial;
  return {
    inForce: async () => {
      const seen = decisive(await bench.talk(cell.point, meant(cell)));
      expect(seen[0]).toBe(cell.cell.effect === "reject" ? "5" : "4");
      await othersPass(trial);
      return asDeclared(trial, [seen]);
    },
    afterLift: async () => await open(trial),
  };
}

function discard(trial: Trial): Proof {
  const { bench, cell } = trial;
  let gone = "";
  return {
    inForce: async () => {
      const { subject, seen } = await bench.send(cell.point, meant(cell));
      gone = subject;
      await othersPass(trial);
      return asDeclared(trial, [decisive(seen), seen.answers.DATA ?? ""]);
    },
    afterLift: async () => {
      // mail that came later is there: what was dropped would be too
      await open(trial);
      await bench.until("the queue is empty", async () => (await bench.countQueued()) === 0);
      expect(await bench.countHeld()).toBe(0);
      expect(await bench.inSink(gone)).toEqual([]);
    },
  };
}

function hold(trial: Trial): Proof {
  const { bench, cell } = trial;
  let held = "";
  return {
    inForce: async () => {
      const { subject, seen } = await bench.send(cell.point, meant(cell));
      held = subject;
      await bench.until("one message is held", async () => (await bench.countHeld()) === 1);
      await othersPass(trial);
      await bench.host.shell(bench.subject.flush);
      expect(await bench.countHeld()).toBe(1);
      expect(await bench.inSink(held)).toEqual([]);
      return asDeclared(trial, [decisive(seen), seen.answers.DATA ?? ""]);
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

/** How many of something a minute the suite lets through. */
export const throttleLimit = 2;

function throttle(trial: Trial): Proof {
  const { bench, cell } = trial;
  return {
    inForce: async () => {
      for (let count = 0; count < throttleLimit; count += 1)
        expect(decisive(await bench.talk(cell.point, meant(cell)))).toMatch(/^250/);
      const seen = decisive(await bench.talk(cell.point, meant(cell)));
      for (const talk of spared(cell))
        for (let count = 0; count <= throttleLimit; count += 1)
          expect(decisive(await bench.talk(cell.point, talk))).toMatch(/^250/);
      return asDeclared(trial, [seen === "refused" ? connectionRefused : seen]);
    },
    afterLift: async () => await open(trial),
  };
}

const connectionRefused = "connection refused";

function close(trial: Trial): Proof {
  const { bench, cell } = trial;
  return {
    inForce: async () => {
      const seen = await bench.talk(cell.point, meant(cell));
      await othersPass(trial);
      const points = await bench.points();
      for (const other of points.filter((point) => point.kind === "listener" && point.point !== cell.point.point))
        if (isSubmission(other))
          expect((await bench.talk(other, { recipients: [] } satisfies Partial<SmtpTalk>)).banner).toMatch(/^220/);
      return asDeclared(trial, [seen.banner === "refused" ? connectionRefused : seen.banner]);
    },
    afterLift: async () => await open(trial),
  };
}
