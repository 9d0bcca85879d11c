/** A real SMTP client for tests: says what it is told, one command after the other, and gives the answers. */
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { connect as connectTls } from "node:tls";

export interface SmtpTalk {
  address: string;
  port?: number;
  /** Speaks TLS from the start (port 465); whose certificate it is does not matter here. */
  tls?: boolean;
  /** Speaks from this address of the machine: is this client to the host. */
  from?: string;
  helo?: string;
  sender?: string;
  recipients?: readonly string[];
  /** Sends a message with this Subject when at least one recipient was taken. */
  subject?: string;
  /** Further commands right after EHLO, such as AUTH. */
  before?: readonly string[];
  /** Awaited between the last RCPT TO and DATA: what happens while the session is open. */
  pause?: () => Promise<void>;
}

/** Answers by command ("banner", "EHLO", "MAIL", "RCPT" is of the last recipient, "DATA" of the message); "closed" where the host hung up. */
export interface SmtpAnswers {
  banner: string;
  answers: Record<string, string>;
  /** One for each recipient. */
  recipients: string[];
}

const timeoutMs = 20_000;
/** A server without a certificate: OpenSMTPD 6.8 can use none where OpenSSL 3 is. */
const anyPeer = {
  rejectUnauthorized: false,
  maxVersion: "TLSv1.2",
  ciphers: "AECDH-AES128-SHA:@SECLEVEL=0",
} as const;

/** Connects and talks; "refused" as banner when no connection was had. */
export async function smtpTalk(talk: SmtpTalk): Promise<SmtpAnswers> {
  const where = {
    host: talk.address,
    port: talk.port ?? 25,
    ...(talk.from ? { localAddress: talk.from } : {}),
  };
  const socket = talk.tls ? connectTls({ ...where, ...anyPeer }) : connect(where);
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error("SMTP: timed out")));
  const result: SmtpAnswers = { banner: "", answers: {}, recipients: [] };
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") return { ...result, banner: "refused" };
    throw error;
  }
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    for (;;) {
      const next = await lines.next();
      if (next.done) return "closed";
      if (next.value[3] !== "-") return next.value;
    }
  };
  const say = async (command: string): Promise<string> => {
    socket.write(`${command}\r\n`);
    const text = await answer();
    result.answers[command.split(" ")[0] ?? ""] = text;
    return text;
  };
  try {
    result.banner = await answer();
    if (!result.banner.startsWith("220")) return result;
    await say(`EHLO ${talk.helo ?? "client.example"}`);
    for (const command of talk.before ?? []) await say(command);
    if (!(await say(`MAIL FROM:<${talk.sender ?? "writer@outside.example"}>`)).startsWith("250")) return result;
    for (const recipient of talk.recipients ?? []) result.recipients.push(await say(`RCPT TO:<${recipient}>`));
    await talk.pause?.();
    if (talk.subject !== undefined && result.recipients.some((text) => text.startsWith("250"))) {
      if ((await say("DATA")).startsWith("354"))
        result.answers.DATA = await say(`Subject: ${talk.subject}\r\n\r\nText.\r\n.`);
    }
    return result;
  } finally {
    socket.end("QUIT\r\n");
    socket.destroySoon();
  }
}
