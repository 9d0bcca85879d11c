import type { AgentArguments } from "@mailbrake/contract";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Lab, submissionLogin } from "../../lab/index.ts";
import type { SmtpTalk } from "../postfix-driver/smtp-talk.ts";
import { OpensmtpdLabHost, opensmtpdLab } from "./opensmtpd-lab-host.ts";

const recipient = "someone@lab.example";
const login = {
  port: 465,
  before: [`AUTH PLAIN ${Buffer.from(`\0${submissionLogin.user}\0${submissionLogin.password}`).toString("base64")}`],
};

/** A brake's match, sessions that it means and sessions that it spares. */
interface Row {
  match: [string, string?, string?];
  meant: Partial<SmtpTalk>[];
  spared: Partial<SmtpTalk>[];
  port?: number;
}
const to = (more: Partial<SmtpTalk> = {}): Partial<SmtpTalk> => ({ recipients: [recipient], ...more });

const rows: Row[] = [
  { match: ["all"], meant: [to(), to({ sender: "" })], spared: [to({ ...login, recipients: ["x@far.example"] })] },
  { match: ["client:ADDRESS"], meant: [to({ from: "0" })], spared: [to({ from: "1" }), to()] },
  { match: ["client:NETWORK"], meant: [to({ from: "0" }), to({ from: "1" })], spared: [to()] },
  {
    match: ["helo:Loud.Example"],
    meant: [to({ helo: "loud.example" }), to({ helo: "LOUD.example" })],
    spared: [to({ helo: "quiet.example" }), to({ helo: "very.loud.example" }), to({ helo: "loudxexample" })],
  },
  {
    match: ["sender:Al$ice{x}^|@news.example"],
    meant: [to({ sender: "al$ice{x}^|@NEWS.example" })],
    spared: [to({ sender: "bob@news.example" }), to({ sender: "alice@news.example" })],
  },
  {
    match: ["sender:alice@news.example"],
    meant: [to({ sender: "ALICE@news.example" })],
    spared: [to({ sender: "" }), to({ sender: "malice@news.example" }), to({ sender: "alice+tag@news.example" })],
  },
  {
    match: ["sender:news.example"],
    meant: [to({ sender: "x@news.example" }), to({ sender: "x@a.b.daily.news.example" })],
    spared: [to({ sender: "x@goodnews.example" }), to({ sender: "x@news.example.org" }), to({ sender: "" })],
  },
  { match: ["sender:<>"], meant: [to({ sender: "" })], spared: [to()] },
  {
    match: ["recipient:someone@lab.example"],
    meant: [to(), to({ recipients: ["SomeOne@LAB.example"] })],
    spared: [to({ recipients: ["other@lab.example"] }), to({ recipients: ["someone@partner.example"] })],
  },
  {
    match: ["recipient:lab.example"],
    meant: [to()],
    spared: [to({ recipients: ["x@partner.example"] })],
  },
  {
    match: [`login:${submissionLogin.user}`],
    port: 465,
    meant: [to({ ...login, recipients: ["x@far.example"] })],
    spared: [],
  },
  {
    match: ["sender:news.example", "recipient:someone@lab.example"],
    meant: [to({ sender: "a@news.example" })],
    spared: [to(), to({ sender: "a@news.example", recipients: ["other@lab.example"] })],
  },
  {
    match: ["client:ADDRESS", "sender:<>"],
    meant: [to({ from: "0", sender: "" })],
    spared: [to({ from: "0" }), to({ from: "1", sender: "" })],
  },
  {
    match: ["client:NETWORK", "helo:loud.example"],
    meant: [to({ from: "0", helo: "loud.example" })],
    spared: [to({ from: "0" }), to({ helo: "loud.example" })],
  },
  {
    match: ["client:ADDRESS", "recipient:lab.example"],
    meant: [to({ from: "0" })],
    spared: [to({ from: "0", recipients: ["x@partner.example"] }), to()],
  },
  {
    match: ["helo:loud.example", "sender:alice@news.example"],
    meant: [to({ helo: "loud.example", sender: "alice@news.example" })],
    spared: [to({ helo: "loud.example" }), to({ sender: "alice@news.example" })],
  },
  {
    match: ["helo:loud.example", "recipient:someone@lab.example"],
    meant: [to({ helo: "loud.example" })],
    spared: [to({ helo: "loud.example", recipients: ["other@lab.example"] }), to()],
  },
  { match: ["login:somebody.else"], port: 465, meant: [], spared: [to({ ...login, recipients: ["x@far.example"] })] },
];

describe("brakes at the listeners of a real OpenSMTPD", () => {
  let lab: Lab;
  let mx: OpensmtpdLabHost;
  let untouched: string[];
  beforeAll(async () => {
    lab = await opensmtpdLab();
    mx = await OpensmtpdLabHost.on(lab);
    untouched = await mx.configuration();
  });
  afterEach(async () => await mx.liftAll());
  afterAll(async () => {
    try {
      await mx?.agent.stop();
    } finally {
      await lab?.down();
    }
  });

  const keys = (row: Row): AgentArguments => {
    const [match, match2, match3] = row.match.map((one) =>
      one
        ?.replace("ADDRESS", lab.clientAddresses[0] ?? "")
        .replace("NETWORK", `${lab.subnet.split(".").slice(0, 3).join(".")}.96/27`),
    );
    return {
      match: match ?? "",
      ...(match2 ? { match2 } : {}),
      ...(match3 ? { match3 } : {}),
      point: mx.point(row.port ?? 25),
    };
  };
  const talk = (one: Partial<SmtpTalk>): Partial<SmtpTalk> => ({
    ...one,
    ...(one.from ? { from: lab.clientAddresses[Number(one.from)] ?? "" } : {}),
  });

  const named = rows.map((row) => [row.match.join(" and "), row] as const);
  it.each(named)("tempfail and reject × %s", async (_name, row) => {
    for (const [effect, code, words] of [
      ["tempfail", "450 4.7.1", "Mail is paused here, please try again later"],
      ["reject", "554 5.7.1", "Not accepted here"],
    ] as const) {
      const app = await mx.brake({ effect, ...keys(row) });
      for (const one of row.meant) expect(await mx.said(talk(one))).toBe(`${code} ${words} (ref ${app})`);
      for (const one of row.spared) expect(await mx.said(talk(one))).toMatch(/^250/);
      const status = await mx.status(app);
      expect(status.drift).toEqual([]);
      expect(status.intact).toBe(true);
      await mx.lift(app);
      for (const one of row.meant) expect(await mx.said(talk(one))).toMatch(/^250/);
      await mx.expectClean(untouched);
    }
  });
});
