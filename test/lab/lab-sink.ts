import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { firstProcess } from "./host-processes.ts";
import { LabError } from "./lab-error.ts";
import type { LabHost } from "./lab-host.ts";
import { numberInSubject } from "./lab-sender.ts";
import { hostFolder } from "./lab-state.ts";
import { sinkFolder } from "./smtp-sink.ts";

/** A message that arrived in the sink. */
export interface ArrivedMessage {
  /** From the Subject; undefined when the message isn't one of the sender's numbered ones. */
  messageNumber: number | undefined;
  messageId: string;
  subject: string;
  /** Envelope sender, "" for the null sender. */
  from: string;
  recipients: string[];
  /** Which host brought it. */
  clientAddress: string;
}

/** The end of all mail, counted. */
export interface LabSink {
  readonly host: LabHost;
  /** How often each numbered message has arrived since the last `reset`: 1 is right, more is duplicates, missing is not (yet) here. */
  received(): Promise<Map<number, number>>;
  /** Everything that arrived since the last `reset`, numbered or not, in no order. */
  messages(): Promise<ArrivedMessage[]>;
  /** Forgets what has arrived. */
  reset(): Promise<void>;
  /** Waits until `count` different numbered messages have arrived, and gives `received()`; LabError when they haven't within the limit. */
  waitFor(count: number, timeoutSeconds: number): Promise<Map<number, number>>;
}

/** The sink of the lab `labName`. What it has read of a message is kept, so asking again is cheap. */
export function labSink(labName: string, host: LabHost): LabSink {
  const known = new Map<string, ArrivedMessage>();
  const messages = async (): Promise<ArrivedMessage[]> => {
    const pid = firstProcess(hostFolder(labName, host.name));
    if (pid === undefined) throw new LabError("The sink isn't running.");
    const folder = `/proc/${pid}/root${sinkFolder}`;
    const names = new Set(await readdir(folder));
    for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    for (const name of names) {
      if (known.has(name)) continue;
      const message = await readMessage(join(folder, name));
      if (message) known.set(name, message);
    }
    return [...known.values()];
  };
  const received = async (): Promise<Map<number, number>> => {
    const counts = new Map<number, number>();
    for (const { messageNumber } of await messages()) {
      if (messageNumber !== undefined) counts.set(messageNumber, (counts.get(messageNumber) ?? 0) + 1);
    }
    return counts;
  };
  return {
    host,
    messages,
    received,
    reset: async () => {
      await host.exec(["find", sinkFolder, "-type", "f", "-delete"]);
    },
    waitFor: async (count, timeoutSeconds) => {
      let counts = await received();
      for (const started = Date.now(); counts.size < count; counts = await received()) {
        if (Date.now() - started > timeoutSeconds * 1000) {
          throw new LabError(`${counts.size} of ${count} messages arrived in the sink within ${timeoutSeconds} s.`);
        }
        await sleep(50);
      }
      return counts;
    },
  };
}

const headBytes = 8192;

/** Reads one file of smtp-sink(1); undefined while the message is still being received (its file is then empty) or was dropped. */
async function readMessage(path: string): Promise<ArrivedMessage | undefined> {
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return parseMessage(buffer.subarray(0, bytesRead).toString("latin1"));
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Parses the head of a file of smtp-sink(1): its own X- headers with the envelope, then the message. Undefined when the header isn't whole. */
export function parseMessage(text: string): ArrivedMessage | undefined {
  const end = text.indexOf("\n\n");
  if (end < 0) return undefined;
  const lines = text.slice(0, end).split("\n");
  const values = (name: string): string[] =>
    lines.filter((line) => line.toLowerCase().startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());
  const address = (value: string): string => /<([^>]*)>/.exec(value)?.[1] ?? value;
  const subject = values("subject")[0] ?? "";
  return {
    messageNumber: numberInSubject(subject),
    messageId: address(values("message-id")[0] ?? ""),
    subject,
    from: address(values("x-mail-args")[0] ?? ""),
    recipients: values("x-rcpt-args").map(address),
    clientAddress: values("x-client-addr")[0] ?? "",
  };
}
