import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultFleet, eximHost } from "../lab/index.ts";
import { RealStack } from "../stack/real-stack.ts";

describe("one brake over different mail servers", () => {
  let stack: RealStack;
  beforeAll(async () => {
    const hosts = [...defaultFleet(), eximHost("lists", 14, "split")];
    stack = await RealStack.up({ name: "mixed", hosts, enrol: ["mx1", "lists"] });
  });
  afterAll(async () => {
    await stack?.down();
  });

  it("each door is braked by its own mechanism, proved by its own dialogue, and opened again; nothing stays", async () => {
    const folders = { mx1: "/etc/postfix", lists: "/etc/exim4" } as const;
    const trees = async () =>
      Promise.all(Object.entries(folders).map(([name, folder]) => stack.lab.host(name).checksumTree(folder)));
    const before = await trees();
    const listener = async (name: keyof typeof folders) => {
      const { blockPoints } = await stack.plane.call<{
        blockPoints: { id: string; instance: string; listens: { port: number }[] }[];
      }>("GET", `/api/block-points?hostId=${stack.hostId(name)}`);
      const found = blockPoints.find(
        ({ instance, listens }) => !instance.startsWith("nftables:") && listens.some(({ port }) => port === 25),
      );
      if (!found) throw new Error(`${name} has no listener on port 25`);
      return found.id;
    };
    const brake = await stack.brake({
      effect: "tempfail",
      blockPointIds: [await listener("mx1"), await listener("lists")],
      text: 'drill "quotes", $dollars and {braces}',
    });
    const proved = await stack.reach(brake.id, ["proved"]);
    const replies = proved.applications.map((application) =>
      application.evidence
        .filter(({ kind }) => kind === "dialogue")
        .flatMap(({ dialogue }) => dialogue.map(({ text }) => text)),
    );
    for (const lines of replies)
      expect(
        lines.some(
          (line) => line.startsWith("450") && line.includes(`drill "quotes", $dollars and {braces} (ref ${brake.ref})`),
        ),
      ).toBe(true);
    await stack.lift(brake.id);
    await stack.reach(brake.id, ["open"]);
    expect(await trees()).toEqual(before);
  });
});
