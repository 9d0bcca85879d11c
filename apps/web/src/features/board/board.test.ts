import type { BlockPointView, HostView } from "@mailbrake/contract";
import { describe, expect, it } from "vitest";
import { groupByHost } from "./board-filter.ts";
import { parseBoardSearch } from "./board-search.ts";
import { headline, summarise, worries } from "./board-summary.ts";
import { doorInWords } from "./door-words.ts";
import { starterPoints, starters } from "./starters.ts";

const host = (id: string, link: HostView["link"] = "connected"): HostView =>
  ({ id, name: id, link, instances: [] }) as unknown as HostView;

const point = (over: Partial<BlockPointView>): BlockPointView => ({
  id: "p1",
  hostId: "mx1",
  hostName: "mx1",
  hostLink: "connected",
  instanceId: "i1",
  instance: "postfix:/etc/postfix",
  mta: "postfix",
  point: "listener:smtp/inet",
  kind: "listener",
  label: "smtp",
  role: "inbound-mx",
  listens: [{ address: "0.0.0.0", port: 25 }],
  cells: [{ effect: "tempfail", matches: ["all", "client"], loses: false, reply: "450 4.3.2" }],
  armed: false,
  door: "open",
  active: [],
  seenAt: "2026-11-21T03:00:00Z",
  ...over,
});
const active = (match: string): BlockPointView["active"][number] => ({
  applicationId: "a1",
  brakeId: "b1",
  ref: "MB1",
  effect: "tempfail",
  match,
  state: "proved",
  wanted: "applied",
  expiresAt: null,
});

describe("the board's summary", () => {
  it("says how many of the entry points are braked, and leaves delivery out of the count", () => {
    const points = [
      point({ door: "braked", active: [active("all mail")] }),
      point({ id: "p2" }),
      point({ id: "p3", kind: "delivery", door: "braked" }),
    ];
    const summary = summarise(points, [host("mx1")]);
    expect(headline(summary)).toBe("1 of 2 entry points braked");
    expect(worries(summary)).toEqual(["1 delivery paused"]);
  });

  it("does not count a door that is braked in part as braked", () => {
    const points = [point({ door: "braked", active: [active("from client 192.0.2.1")] }), point({ id: "p2" })];
    expect(headline(summarise(points, [host("mx1")]))).toBe("0 of 2 entry points braked, 1 in part");
  });

  it("never says that all are open while one is unknown", () => {
    const summary = summarise(
      [point({}), point({ id: "p2", door: "unknown" })],
      [host("mx1"), host("mx2", "unreachable")],
    );
    expect(headline(summary)).toBe("1 of 2 entry points known to be open");
    expect(worries(summary)).toEqual(["1 host unreachable: mx2", "1 unknown"]);
  });

  it("counts doors that are gone for nothing", () => {
    expect(headline(summarise([point({ door: "gone" }), point({ id: "p2" })], []))).toBe("The one entry point is open");
  });
});

describe("door words", () => {
  it("says that a brake on one client brakes in part", () => {
    expect(doorInWords(point({ door: "braked", active: [active("from client 192.0.2.1")] }))).toBe("Braked in part");
    expect(doorInWords(point({ door: "braked", active: [active("all mail")] }))).toBe("Braked");
  });
});

describe("the board's filters", () => {
  const points = [
    point({ id: "a", label: "smtp" }),
    point({ id: "b", label: "submission", role: "submission", door: "braked" }),
  ];
  const ids = (filter: Parameters<typeof parseBoardSearch>[0]) =>
    groupByHost(points, [host("mx1"), host("mx2")], parseBoardSearch(filter)).flatMap((group) =>
      group.points.map(({ id }) => id),
    );

  it("shows all, hosts without points too", () => {
    expect(groupByHost(points, [host("mx1"), host("mx2")], {}).map(({ hostName }) => hostName)).toEqual(["mx1", "mx2"]);
  });
  it("by role, state, and words that all must be there", () => {
    expect(ids({ role: "submission" })).toEqual(["b"]);
    expect(ids({ door: "open" })).toEqual(["a"]);
    expect(ids({ text: "MX1 :25 subm" })).toEqual(["b"]);
    expect(ids({ text: "mx9" })).toEqual([]);
  });
  it("ignores what is no filter", () => expect(ids({ role: "nonsense", door: 7 })).toEqual(["a", "b"]));
});

describe("starters", () => {
  it("take what is meant for them, is there, and can do it", () => {
    const [tempfail] = starters;
    if (!tempfail) throw new Error("no starter");
    const points = [
      point({ id: "yes" }),
      point({ id: "wrong-role", role: "submission" }),
      point({ id: "cannot", cells: [] }),
      point({ id: "gone", door: "gone" }),
    ];
    expect(starterPoints(tempfail, points).map(({ id }) => id)).toEqual(["yes"]);
  });
});
