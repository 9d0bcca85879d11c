import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RealStack } from "../stack/real-stack.ts";
import { waitUntil } from "../stack/wait-until.ts";

describe("a host cut from the network", () => {
  let stack: RealStack;
  beforeAll(async () => {
    stack = await RealStack.up({ name: "cut", enrol: ["mx1", "mx2", "relay"] });
  });
  afterAll(async () => {
    await stack?.down();
  });

  it("delays no other, is shown as what it is, and is braked when it is back", async () => {
    const points = await Promise.all(["mx1", "mx2", "relay"].map((name) => stack.point(name, "listener:smtp/inet")));
    await stack.lab.host("mx2").cut();
    const brake = await stack.brake({ effect: "tempfail", blockPointIds: points.map((point) => point.id) });
    const at = (view: typeof brake, name: string) => {
      const application = view.applications.find((candidate) => candidate.hostName === name);
      if (!application) throw new Error(name);
      return application;
    };
    await waitUntil(
      "the others are proved at once",
      async () => {
        const now = await stack.read(brake.id);
        return at(now, "mx1").state === "proved" && at(now, "relay").state === "proved";
      },
      5_000,
    );
    const cut = await waitUntil(
      "mx2 is shown as not reached",
      async () => {
        const mx2 = at(await stack.read(brake.id), "mx2");
        return ["unreachable", "unknown"].includes(mx2.state) ? mx2 : undefined;
      },
      40_000,
    );
    expect(cut.detail).not.toBe("");
    expect(cut.provedAt).toBeNull();
    const host = await stack.plane.call<{ link: string; linkDetail: string }>(
      "GET",
      `/api/hosts/${stack.hostId("mx2")}`,
    );
    expect(host.link).not.toBe("connected");
    expect(host.linkDetail).not.toBe("");
    await stack.lab.host("mx2").mend();
    await stack.reach(brake.id, ["proved"], 60_000);
    await stack.lift(brake.id);
    await stack.reach(brake.id, ["open"]);
  });
});
