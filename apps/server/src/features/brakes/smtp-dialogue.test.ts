import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { probeEnvelope } from "./probe-envelope.ts";
import { probeVerdict } from "./probe-verdict.ts";
import { type SmtpDialogueResult, smtpDialogue } from "./smtp-dialogue.ts";

let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  server = undefined;
});

async function listen(serve: (socket: Socket) => void): Promise<number> {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
/** Answers each command line by its first word. */
const scripted =
  (banner: string, replies: Record<string, string>, heard: string[] = []) =>
  (socket: Socket) => {
    socket.write(banner);
    let buffer = "";
    socket.on("data", (chunk) => {
      buffer += chunk.toString("latin1");
      for (let at = buffer.indexOf("\r\n"); at >= 0; at = buffer.indexOf("\r\n")) {
        const line = buffer.slice(0, at);
        buffer = buffer.slice(at + 2);
        heard.push(line);
        const reply = replies[line.slice(0, 4)] ?? "250 Ok\r\n";
        socket.write(reply);
        if (line === "QUIT") socket.end();
      }
    });
  };
const limits = { connectTimeoutMs: 500, replyTimeoutMs: 200, totalTimeoutMs: 1_000 };
const probe = (port: number, more: Partial<Parameters<typeof smtpDialogue>[0]> = {}) =>
  smtpDialogue({
    address: "127.0.0.1",
    port,
    sender: "probe@lab.example",
    recipient: "postmaster@lab.example",
    limits,
    ...more,
  });

describe("smtpDialogue", () => {
  it("trap: some servers hang up when commands come together: each waits for the answer to the one before", async () => {
    let unanswered = 0;
    const port = await listen((socket) => {
      socket.write("220 one at a time\r\n");
      socket.on("data", (chunk) => {
        unanswered += chunk.toString("latin1").split("\r\n").length - 1;
        if (unanswered > 1) socket.end("500 5.5.1 Invalid command: Pipelining not supported\r\n");
        setTimeout(() => {
          unanswered -= 1;
          if (socket.writable) socket.write("250 Ok\r\n");
        }, 20);
      });
    });
    expect(await probe(port)).toMatchObject({ stage: "rcpt", code: 250, failure: null });
  });

  it("goes up to RCPT, ends before DATA, and keeps every line", async () => {
    const heard: string[] = [];
    const port = await listen(
      scripted("220-a\r\n220 b\r\n", { RCPT: "450-4.7.1 later\r\n450 4.7.1 (ref K7QW2M)\r\n" }, heard),
    );
    const result = await probe(port);
    expect(result).toMatchObject({
      stage: "rcpt",
      code: 450,
      reply: "450-4.7.1 later\n450 4.7.1 (ref K7QW2M)",
      failure: null,
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard).toEqual([
      "EHLO [127.0.0.1]",
      "MAIL FROM:<probe@lab.example>",
      "RCPT TO:<postmaster@lab.example>",
      "RSET",
      "QUIT",
    ]);
    expect(result.dialogue.filter(({ from }) => from === "server")).toHaveLength(6);
  });

  it("ends where it is refused", async () => {
    const port = await listen(scripted("421 4.3.2 (ref K7QW2M)\r\n", {}));
    expect(await probe(port)).toMatchObject({ stage: "banner", code: 421 });
  });

  it.each([
    ["says nothing", () => {}, "timeout"],
    ["hangs up", (socket: Socket) => socket.end(), "closed"],
    ["speaks no SMTP", (socket: Socket) => socket.write("SSH-2.0-x\r\n"), "malformed"],
    ["never ends a line", (socket: Socket) => socket.write("2".repeat(100_000)), "malformed"],
    ["never ends a reply", (socket: Socket) => socket.write("220-x\r\n".repeat(20_000)), "malformed"],
  ] as const)("a listener that %s ends it in time, without an exception", async (_name, serve, failure) => {
    const port = await listen(serve);
    const startedAt = Date.now();
    expect(await probe(port)).toMatchObject({ code: 0, failure });
    expect(Date.now() - startedAt).toBeLessThan(1_500);
  });

  it("a port without a listener is refused", async () => {
    const port = await listen(() => {});
    await new Promise<void>((resolve) => server?.close(() => resolve()));
    server = undefined;
    expect(await probe(port)).toMatchObject({ stage: "connect", failure: "refused" });
  });

  it("no address can add a command", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 40 }), async (text) => {
        const evil = `a@b.test>\r\nDATA ${text}`;
        expect(await probe(1, { recipient: evil })).toMatchObject({ failure: "malformed", dialogue: [] });
      }),
      { numRuns: 20 },
    );
  });
});

describe("probeVerdict", () => {
  const at = (stage: SmtpDialogueResult["stage"], code: number, reply: string): SmtpDialogueResult => ({
    dialogue: [],
    stage,
    code,
    reply,
    failure: null,
  });
  const failed = (failure: SmtpDialogueResult["failure"]): SmtpDialogueResult => ({ ...at("connect", 0, ""), failure });
  it.each([
    ["tempfail", at("rcpt", 450, "450 4.7.1 no (ref K7QW2M)"), "in-force"],
    ["tempfail", at("banner", 421, "421 4.3.2 no (ref K7QW2M)"), "in-force"],
    ["tempfail", at("rcpt", 550, "550 5.7.1 no (ref K7QW2M)"), "inconclusive"],
    ["tempfail", at("rcpt", 250, "250 2.1.5 Ok"), "open"],
    ["tempfail", at("rcpt", 450, "450 greylisted"), "open"],
    ["tempfail", at("rcpt", 450, "450 no (ref K7QW2MX)"), "inconclusive"],
    ["tempfail", at("rcpt", 450, "450 no (ref AAAAAA)"), "inconclusive"],
    ["tempfail", at("mail", 530, "530 5.7.0 Must issue a STARTTLS command first"), "inconclusive"],
    ["tempfail", failed("refused"), "inconclusive"],
    ["tempfail", failed("timeout"), "inconclusive"],
    ["reject", at("rcpt", 554, "554 5.7.1 no (ref K7QW2M)"), "in-force"],
    ["reject", at("rcpt", 454, "454 4.7.1 no (ref K7QW2M)"), "inconclusive"],
    ["close", failed("refused"), "in-force"],
    ["close", failed("timeout"), "inconclusive"],
    ["close", at("rcpt", 250, "250 Ok"), "open"],
  ] as const)("%s, %o: %s", (effect, result, verdict) => {
    expect(probeVerdict(effect, "K7QW2M", result).verdict).toBe(verdict);
  });

  it("nothing without this brake's reference is ever in force, but a refused connection to a closed listener", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("tempfail", "reject", "close"),
        fc.integer({ min: 200, max: 599 }),
        fc.string(),
        (effect, code, text) => {
          fc.pre(!text.includes("K7QW2M"));
          expect(probeVerdict(effect as "tempfail", "K7QW2M", at("rcpt", code, text)).verdict).not.toBe("in-force");
        },
      ),
    );
  });
});

describe("probeEnvelope", () => {
  const target = { address: "10.77.0.11", port: 25, sender: "probe@mx1.test", recipient: "postmaster@lab.example" };
  it("is made so that the brake's match takes hold of it", () => {
    const envelope = probeEnvelope(
      target,
      [
        { kind: "sender", value: "spam.test" },
        { kind: "recipient", value: "bob@lab.example" },
      ],
      "mx1",
    );
    expect(envelope).toMatchObject({
      sender: "mailbrake-probe@spam.test",
      recipient: "bob@lab.example",
      address: "10.77.0.11",
    });
    expect(probeEnvelope(target, [{ kind: "sender", value: "<>" }], "mx1").sender).toBe("");
  });
  it("asks the host itself where only it reaches the listener, and the host's own address where it listens everywhere", () => {
    expect(probeEnvelope({ ...target, address: "127.0.0.1" }, [], "mx1").fromHost).toBe(true);
    expect(probeEnvelope({ ...target, address: "::1" }, [], "mx1").fromHost).toBe(true);
    expect(probeEnvelope({ ...target, address: "0.0.0.0" }, [], "mx1")).toMatchObject({
      fromHost: false,
      address: "mx1",
    });
  });
});
