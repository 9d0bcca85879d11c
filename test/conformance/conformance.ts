import type { Cell, DiscoveredPoint } from "@mailbrake/contract";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Bench } from "./bench.ts";
import { type CellCase, cellCases, type Limit, limits } from "./cell-cases.ts";
import { matchSamples } from "./match-samples.ts";
import { mechanismsSection, type ProvedCell, pageSections, writeCommand, writeSection } from "./mechanisms-page.ts";
import { ordered, proveCell } from "./prove-cell.ts";
import { subjectNamed, subjects } from "./subjects.ts";

/**
 * Brings up the subject's lab, asks its agent what it can do, and declares one test for each cell: on the armed instance, and one of each kind of
 * block point on the instance as its admin left it.
 */
export async function conformance(title: string): Promise<void> {
  const subject = subjectNamed(title);
  const bench = await Bench.up(subject);
  let cases: CellCase[];
  let untouched: string[];
  try {
    cases = await declaredCases(bench);
    untouched = await bench.managedFiles();
  } catch (error) {
    await bench.down();
    throw error;
  }
  const proved: ProvedCell[] = [];
  const arming = { instance: subject.instance, by: "test", reason: "test" };

  describe(title, () => {
    afterEach(async () => await bench.liftAll());
    afterAll(async () => await bench.down());

    describe("not armed", () => {
      const kinds = new Set(cases.map((one) => one.kind));
      for (const kind of kinds) {
        const first = cases.find((one) => one.kind === kind);
        if (!first) continue;
        it(`${title} · not armed · ${first.name}`, async () => {
          await proveCell(bench, first, untouched);
        });
      }
    });

    describe("armed", () => {
      let armed: string[];
      beforeAll(async () => {
        await bench.agent.ask("arm", arming);
        armed = await bench.managedFiles();
      });
      for (const one of cases) {
        it(`${title} · ${one.name}`, async () => {
          proved.push({ cell: one, ...(await proveCell(bench, one, armed)) });
        });
      }
    });

    it(`${title} · each declared match is taken in one of its forms`, () => {
      const name = ({ cell }: ProvedCell) =>
        [cell.kind, cell.effectLabel, ...cell.samples.map((sample) => sample.kind)].join(" ");
      const taken = new Set(proved.filter((one) => !one.refused).map(name));
      expect(proved.map(name).filter((one) => !taken.has(one))).toEqual([]);
    });

    it(`${title} · docs/mechanisms.md says what was seen`, async () => {
      const titles = subjects.map((one) => one.title);
      const section = mechanismsSection(title, proved);
      if (process.env.MAILBRAKE_WRITE_DOCS === "1") await writeSection(titles, title, section);
      else expect(pageSections().get(title) ?? "", `write it anew with: ${writeCommand}`).toBe(section);
    });

    it(`${title} · disarmed, the files are what they were`, async () => {
      await bench.agent.ask("disarm", arming);
      expect(await bench.managedFiles()).toEqual(untouched);
    });
  });
}

async function declaredCases(bench: Bench): Promise<CellCase[]> {
  const points = await bench.points();
  bench.entry = entryOf(points);
  return await cellCases(points, {
    samples: (kind, effect) => matchSamples(kind, effect, bench.lab, bench.subject),
    limits: async (point, cell) => await acceptedLimits(bench, point, cell),
    takesLogins: (point) => bench.takesLogins(point),
  });
}

function entryOf(points: readonly DiscoveredPoint[]): DiscoveredPoint {
  const entry = points.find((point) => point.kind === "listener");
  if (!entry) throw new Error(`no listener is found: ${JSON.stringify(points)}`);
  return entry;
}

/** A cell of throttle does not say of what: what a plan does not refuse is tried. */
async function acceptedLimits(bench: Bench, point: DiscoveredPoint, cell: Cell): Promise<Limit[]> {
  const accepted: Limit[] = [];
  const match = cell.matches.includes("all") ? "all" : "client:192.0.2.1";
  for (const limit of limits) {
    const plan = await bench.planOrRefusal({ ...ordered(bench, { point, cell }, match), [limit]: "2" });
    if (typeof plan !== "string") accepted.push(limit);
  }
  if (accepted.length === 0) throw new Error(`a throttle is declared at ${point.point}, and every limit is refused`);
  return accepted;
}
