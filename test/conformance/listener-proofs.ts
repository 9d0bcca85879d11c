/** Brakes at a listener, tried by SMTP from another machine. */
import { expect } from "vitest";
import type { SmtpAnswers, SmtpTalk } from "../integration/postfix-driver/smtp-talk.ts";
import { onLoopback } from "./bench.ts";
import { asDeclared, meant, noAnswerYet, type Proof, spared, type Trial } from "./proof.ts";

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
      return trial.declared.startsWith(noAnswerYet) ? pace(trial) : throttle(trial);
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
  const talk = meant(cell);
  return {
    inForce: async () => {
      for (let count = 0; count < throttleLimit; count += 1)
        expect(decisive(await bench.talk(cell.point, talk))).toMatch(/^250/);
      const seen = decisive(await bench.talk(cell.point, talk));
      for (const other of spared(cell))
        for (let count = 0; count <= throttleLimit; count += 1)
          expect(decisive(await bench.talk(cell.point, other))).toMatch(/^250/);
      return asDeclared(trial, [seen]);
    },
    afterLift: async () => await open(trial),
  };
}

/** One connection a second: the first is taken at once, the next one when its first packet is sent again. */
function pace(trial: Trial): Proof {
  const { bench, cell, declared } = trial;
  const elapsedMs = async (talk: Partial<SmtpTalk>): Promise<number> => {
    const started = Date.now();
    expect(decisive(await bench.talk(cell.point, talk))).toMatch(/^250/);
    return Date.now() - started;
  };
  return {
    inForce: async () => {
      expect(await elapsedMs(meant(cell))).toBeLessThan(900);
      expect(await elapsedMs(meant(cell))).toBeGreaterThan(900);
      for (const talk of spared(cell))
        for (let count = 0; count <= throttleLimit; count += 1) expect(await elapsedMs(talk)).toBeLessThan(900);
      return declared;
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
      for (const other of await bench.points())
        if (other.point !== cell.point.point && !onLoopback(other) && bench.takesLogins(other))
          expect((await bench.talk(other, { recipients: [] })).banner).toMatch(/^220/);
      return asDeclared(trial, [seen.banner === "refused" ? connectionRefused : seen.banner]);
    },
    afterLift: async () => await open(trial),
  };
}
