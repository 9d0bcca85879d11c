/**
 * Purpose: speaks SMTP to a listener up to RCPT and ends before DATA, so that a brake is seen as a sender sees it and no mail is ever sent.
 * Guarantees: every wait and every byte has a limit; the socket is closed whatever happens; nothing from outside is put into a command unchecked.
 * Fails: into the result, never by an exception. Killed in the middle: the listener sees the connection go before DATA, and keeps nothing.
 */

import { connect, type Socket } from "node:net";
import type { DialogueLine } from "@mailbrake/contract";

export interface SmtpDialogueOptions {
  address: string;
  port: number;
  /** EHLO argument; default the address literal of our own end. */
  helo?: string | undefined;
  /** Empty = the null sender. */
  sender: string;
  recipient: string;
  limits?: Partial<SmtpDialogueLimits>;
}

export interface SmtpDialogueLimits {
  connectTimeoutMs: number;
  /** For each reply; a greet pause and a tarpit are in it. */
  replyTimeoutMs: number;
  totalTimeoutMs: number;
  replyBytes: number;
  lineLength: number;
}

const defaultLimits: SmtpDialogueLimits = {
  connectTimeoutMs: 5_000,
  replyTimeoutMs: 15_000,
  totalTimeoutMs: 40_000,
  replyBytes: 65_536,
  lineLength: 1_000,
};

export type DialogueStage = "connect" | "banner" | "ehlo" | "mail" | "rcpt";

export interface SmtpDialogueResult {
  dialogue: DialogueLine[];
  /** How far it came; a reply other than 2xx ends it there. */
  stage: DialogueStage;
  /** The last reply: its code, and all its lines. 0 where there was none. */
  code: number;
  reply: string;
  /** Why there was no reply. */
  failure: "refused" | "timeout" | "closed" | "unreachable" | "malformed" | null;
}

class DialogueEnd extends Error {
  readonly failure: NonNullable<SmtpDialogueResult["failure"]>;
  constructor(failure: NonNullable<SmtpDialogueResult["failure"]>, words: string) {
    super(words);
    this.failure = failure;
  }
}

/** Only what can't be mistaken for more than one argument goes into a command. */
const isSafe = (text: string) => /^[\x21-\x7e]{0,320}$/.test(text) && !/[<>]/.test(text);

export async function smtpDialogue(options: SmtpDialogueOptions): Promise<SmtpDialogueResult> {
  const limits = { ...defaultLimits, ...options.limits };
  const result: SmtpDialogueResult = { dialogue: [], stage: "connect", code: 0, reply: "", failure: null };
  if (![options.sender, options.recipient, options.helo ?? ""].every(isSafe))
    return { ...result, failure: "malformed", reply: "an address of the probe can't stand in an SMTP command" };
  const socket = connect({ host: options.address, port: options.port });
  const replies = readReplies(socket, limits);
  const total = setTimeout(
    () => socket.destroy(new DialogueEnd("timeout", "the dialogue took too long")),
    limits.totalTimeoutMs,
  );
  const say = async (stage: DialogueStage, command: string | null): Promise<boolean> => {
    if (command !== null) {
      result.dialogue.push({ from: "client", text: command });
      socket.write(`${command}\r\n`);
    }
    const { code, lines } = await replies.next();
    result.stage = stage;
    for (const text of lines) result.dialogue.push({ from: "server", text });
    result.code = code;
    result.reply = lines.join("\n");
    return code >= 200 && code < 300;
  };
  try {
    await replies.connected;
    const helo = options.helo ?? addressLiteral(socket.localAddress ?? "127.0.0.1");
    if (
      (await say("banner", null)) &&
      (await say("ehlo", `EHLO ${helo}`)) &&
      (await say("mail", `MAIL FROM:<${options.sender}>`))
    )
      await say("rcpt", `RCPT TO:<${options.recipient}>`);
    // Politeness only: whether it is answered doesn't matter any more.
    if (socket.writable) socket.write(result.stage === "rcpt" ? "RSET\r\nQUIT\r\n" : "QUIT\r\n");
  } catch (error) {
    result.failure = error instanceof DialogueEnd ? error.failure : failureOf(error);
    if (result.code === 0 || result.failure !== "closed")
      result.reply = error instanceof Error ? error.message : String(error);
    result.dialogue.push({ from: "server", text: `(${result.failure}: ${result.reply.slice(0, 500)})` });
  } finally {
    clearTimeout(total);
    socket.end();
    setTimeout(() => socket.destroy(), 500).unref();
  }
  return result;
}

function failureOf(error: unknown): NonNullable<SmtpDialogueResult["failure"]> {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ECONNREFUSED") return "refused";
  if (code === "ETIMEDOUT") return "timeout";
  if (code === "ECONNRESET" || code === "EPIPE") return "closed";
  return "unreachable";
}

function addressLiteral(address: string): string {
  const plain = address.replace(/%.*$/, "").replace(/^::ffff:(?=[0-9.]+$)/, "");
  return plain.includes(":") ? `[IPv6:${plain}]` : `[${plain}]`;
}

interface Reply {
  code: number;
  lines: string[];
}

/** Splits what comes into replies; each `next` waits for one, with its limit. */
function readReplies(socket: Socket, limits: SmtpDialogueLimits) {
  let buffer = "";
  let received = 0;
  let lines: string[] = [];
  let ended: Error | null = null;
  const ready: Reply[] = [];
  let wanted: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | null = null;

  const end = (error: Error) => {
    ended ??= error;
    wanted?.reject(ended);
    wanted = null;
  };
  const takeLine = (line: string) => {
    lines.push(line.slice(0, limits.lineLength).replace(/[^\x20-\x7e]/g, "?"));
    const head = /^([2-5][0-9]{2})([ -]|$)/.exec(line);
    if (head === null) return end(new DialogueEnd("malformed", `not an SMTP reply: ${lines.at(-1)?.slice(0, 100)}`));
    if (head[2] === "-") return;
    const reply = { code: Number(head[1]), lines };
    lines = [];
    if (wanted === null) ready.push(reply);
    else {
      const { resolve } = wanted;
      wanted = null;
      resolve(reply);
    }
  };
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    received += chunk.length;
    if (received > limits.replyBytes) {
      end(new DialogueEnd("malformed", "the listener said more than a reply may be long"));
      socket.destroy();
      return;
    }
    buffer += chunk;
    for (let at = buffer.indexOf("\n"); at >= 0; at = buffer.indexOf("\n")) {
      takeLine(buffer.slice(0, at).replace(/\r$/, ""));
      buffer = buffer.slice(at + 1);
    }
  });
  socket.on("error", end);
  socket.on("close", () => end(new DialogueEnd("closed", "the listener closed the connection")));

  const connected = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = new DialogueEnd("timeout", `no connection within ${limits.connectTimeoutMs / 1_000} s`);
      reject(error);
      socket.destroy();
    }, limits.connectTimeoutMs);
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });

  return {
    connected,
    next(): Promise<Reply> {
      const first = ready.shift();
      if (first !== undefined) return Promise.resolve(first);
      if (ended !== null) return Promise.reject(ended);
      return new Promise<Reply>((resolve, reject) => {
        const timer = setTimeout(
          () => end(new DialogueEnd("timeout", `no reply within ${limits.replyTimeoutMs / 1_000} s`)),
          limits.replyTimeoutMs,
        );
        wanted = {
          resolve: (reply) => {
            clearTimeout(timer);
            resolve(reply);
          },
          reject: (error) => {
            clearTimeout(timer);
            reject(error);
          },
        };
      });
    },
  };
}
