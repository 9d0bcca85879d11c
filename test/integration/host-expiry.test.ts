import type { AuditEvent } from "@mailbrake/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RealStack } from "../stack/real-stack.ts";
import { waitUntil } from "../stack/wait-until.ts";

describe("an expiry is kept by the host itself", () => {
  let stack: RealStack;
  beforeAll(async () => {
    stack = await RealStack.up({ name: "expiry", enrol: ["mx1", "mx2"] });
  });
  afterAll(async () => {
    await stack?.down();
  });

  it("trap: a timer in memory dies with its host, one in the control plane with that: a brake of two minutes is lifted by the host, control plane dead or host rebooted", async () => {
    const mx1 = stack.lab.host("mx1");
    const before = await mx1.checksumTree("/etc/postfix");
    const changed = async () => {
      const now = await mx1.checksumTree("/etc/postfix");
      return [...now.filter((line) => !before.includes(line)), ...before.filter((line) => !now.includes(line))];
    };
    const brake = await stack.brake({
      effect: "tempfail",
      blockPointIds: [
        (await stack.point("mx1", "listener:smtp/inet")).id,
        (await stack.point("mx2", "listener:smtp/inet")).id,
      ],
      expiresInSeconds: 120,
    });
    await stack.reach(brake.id, ["proved"]);
    await stack.plane.stop("SIGKILL");
    // On mx2 the exact clock (a sleeper) is lost in a reboot; the minute sweep must do it there.
    await stack.lab.host("mx2").boot();
    expect(await changed()).not.toEqual([]);
    let left: string[] = [];
    const isAsBefore = async () => {
      left = await changed();
      return left.length === 0;
    };
    await waitUntil("mx1 is as it was", isAsBefore, 150_000, 1_000).catch(async (error: unknown) => {
      const state = await mx1.shell(
        "ls -l /var/lib/mailbrake/journal /etc/cron.d; date +%s; cat /var/lib/mailbrake/journal/*",
        { check: false },
      );
      throw new Error(`${String(error)}; differs: ${left.join("; ")}
${state.stdout}`);
    });
    await waitUntil(
      "mx2 has lifted it as well",
      async () =>
        (await stack.lab.host("mx2").exec(["sh", "-c", "ls /var/lib/mailbrake/journal"])).stdout.trim() === "",
      200_000,
      1_000,
    );
    await stack.plane.startAgain();
    const ended = await waitUntil("the server knows", async () => {
      const now = await stack.read(brake.id);
      return now.ended ? now : undefined;
    });
    expect(ended.applications.map((application) => application.endedHow)).toEqual(["expired", "expired"]);
    const { events } = await stack.plane.call<{ events: AuditEvent[] }>("GET", "/api/audit?action=application.expired");
    expect(events.map((event) => event.actor.kind)).toEqual(["host", "host"]);
  }, 480_000);
});
