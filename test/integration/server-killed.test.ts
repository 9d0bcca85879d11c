import { join } from "node:path";
import type { BlockPointView, BrakeView } from "@mailbrake/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ControlPlane, repositoryRoot } from "../stack/control-plane.ts";
import { RealStack } from "../stack/real-stack.ts";
import { waitUntil } from "../stack/wait-until.ts";

const steps = ["recorded", "sending", "sent", "answered", "outcome-recorded", "probed", "probe-recorded"] as const;

/** What no screen may ever show: a state that claims something of the host without anything seen on it. */
function unfounded(brake: BrakeView): string[] {
  return brake.applications.flatMap((application) => {
    const kinds = application.evidence.map((evidence) => evidence.kind);
    if (application.state === "proved" && !kinds.includes("dialogue"))
      return [`${application.id} is proved without a dialogue`];
    if (application.state === "applied" && kinds.length === 0) return [`${application.id} is applied without evidence`];
    return [];
  });
}

describe("the server is killed at each step of an order", () => {
  let stack: RealStack;
  let point: BlockPointView;
  beforeAll(async () => {
    stack = await RealStack.up({
      name: "killed",
      enrol: ["mx1"],
      controlPlane: { entry: join(repositoryRoot, "test/dist/stack/server-that-dies.js") },
    });
    point = await stack.point("mx1", "listener:smtp/inet");
  });
  afterAll(async () => {
    await stack?.down();
  });

  async function activeHere(): Promise<BrakeView[]> {
    const { brakes } = await stack.plane.call<{ brakes: BrakeView[] }>(
      "GET",
      `/api/brakes?blockPointId=${point.id}&state=active`,
    );
    return brakes;
  }

  async function restart(plane: ControlPlane, dieAt: string): Promise<void> {
    await plane.stop("SIGKILL");
    await plane.startAgain({ DIE_AT: dieAt });
  }

  it.each(steps)("killed at %s: after a restart the brake is put on, and taken off, as was asked", async (step) => {
    const before = await stack.lab.host("mx1").checksumTree("/etc/postfix");
    await restart(stack.plane, step);
    // The answer may be lost with the server; what was recorded is what counts.
    await stack.brake({ effect: "tempfail", blockPointIds: [point.id] }).catch(() => undefined);
    await stack.plane.ended(20_000);
    await restart(stack.plane, "");
    const [recorded] = await activeHere();
    if (!recorded) throw new Error("the brake was not recorded before the server died");
    expect(unfounded(recorded)).toEqual([]);
    expect(unfounded(await stack.reach(recorded.id, ["proved"]))).toEqual([]);

    await restart(stack.plane, step);
    // As above: an answer that never comes is the point of this test.
    await stack.lift(recorded.id).catch(() => undefined);
    await stack.plane.ended(20_000);
    await restart(stack.plane, "");
    const ended = await waitUntil("the brake has ended", async () => {
      const now = await stack.read(recorded.id);
      return now.wanted === "lifted" && now.applications.every((application) => application.state === "open")
        ? now
        : undefined;
    });
    expect(unfounded(ended)).toEqual([]);
    expect(await stack.lab.host("mx1").checksumTree("/etc/postfix")).toEqual(before);
  });
});
