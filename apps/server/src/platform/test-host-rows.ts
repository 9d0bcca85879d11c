/** For tests: a host with one Postfix and its block points, as enrolment and discovery would have recorded them. */
import type { MatchKind } from "@mailbrake/contract";
import type { TestStore } from "./test-store.ts";

const allMatches: MatchKind[] = ["all", "client", "helo", "sender", "recipient", "login"];
const cells = (["tempfail", "reject", "discard", "hold", "throttle", "close"] as const).map((effect) => ({
  effect,
  matches: allMatches,
  loses: effect === "discard",
  reply: "4xx",
}));

/** Rows that discovery would have made. */
export async function addHostRows(
  store: TestStore["store"],
  name: string,
  doorPort: number,
  points = ["listener:smtp/inet"],
) {
  const now = new Date();
  await store.host.create({
    data: {
      id: name,
      name,
      address: "127.0.0.1",
      port: 22,
      user: "mailbrake",
      hostKey: "AAAA",
      hostKeyType: "ssh-ed25519",
      fingerprint: "SHA256:x",
      enrolledAt: now,
    },
  });
  await store.instance.create({
    data: {
      id: `${name}-instance`,
      hostId: name,
      instance: "postfix:/etc/postfix",
      mta: "postfix",
      version: "3.7",
      configDir: "/etc/postfix",
      name: "-",
      hostname: name,
      running: true,
      armed: false,
      domains: "[]",
      seenAt: now,
    },
  });
  for (const point of points)
    await store.blockPoint.create({
      data: {
        id: `${name}-${point.replace(/[^a-z]/g, "-")}`,
        hostId: name,
        instanceId: `${name}-instance`,
        point,
        kind: point.startsWith("listener") ? "listener" : point,
        label: point,
        role: "inbound-mx",
        listens: JSON.stringify([{ address: "0.0.0.0", port: 25 }]),
        cells: JSON.stringify(cells),
        // 0.0.0.0 stands for the host's own address, so the server itself speaks to it.
        probe: point.startsWith("listener")
          ? JSON.stringify({
              address: "0.0.0.0",
              port: doorPort,
              sender: "probe@lab.example",
              recipient: "postmaster@lab.example",
            })
          : null,
        seenAt: now,
      },
    });
}

export const pointId = (host: string, point = "listener:smtp/inet") => `${host}-${point.replace(/[^a-z]/g, "-")}`;
