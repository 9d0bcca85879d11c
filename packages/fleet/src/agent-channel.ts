/**
 * One channel to one agent: requests go out as lines, answers come back in the same order.
 * Guarantees: every request ends, by its answer, its time limit or the end of the channel; an answer is believed only when it parses as the protocol says.
 * After anything else (a line that does not parse, an answer out of order, a line too long, a request that ran out of time) the order of answers can't be
 * trusted any more: the channel is closed and every request that was written on it is `unknown`.
 * Killed in the middle: the agent reads the end of its input and ends; what it was doing is found by `status`.
 */
import {
  type AgentArguments,
  type AgentVerb,
  agentFailureSchema,
  agentProtocolVersion,
  answerEnvelopeSchema,
  encodeRequest,
  type FinalAnswer,
  finalAnswerSchemas,
  maximumAnswerLineBytes,
  type PartialAnswer,
  partialAnswerSchema,
} from "@mailbrake/contract";
import type { ClientChannel } from "ssh2";
import type { FleetResult, RequestOptions } from "./fleet-contract.ts";
import type { FleetLimits } from "./limits.ts";
import { createLineReader } from "./line-reader.ts";
import { printable } from "./printable.ts";
import { seconds } from "./ssh-session.ts";

export interface AgentChannel {
  /** @throws RangeError naming the key whose value can't be sent; nothing has been written then */
  request<V extends AgentVerb>(
    verb: V,
    values: AgentArguments,
    options: Omit<RequestOptions, "channel" | "signal">,
  ): Promise<FleetResult<V>>;
  /** Ends the channel; what is open on it becomes `unknown` with these words. */
  close(why: string): void;
}

interface OpenRequest {
  id: string;
  verb: AgentVerb;
  parts: PartialAnswer[];
  bytes: number;
  timer: NodeJS.Timeout;
  onPart: ((part: PartialAnswer) => void) | undefined;
  settle: (result: FleetResult<AgentVerb>) => void;
}

/**
 * @param stream a channel on which the agent's `serve` runs
 * @param onClosed told once, with the reason in words
 */
export function createAgentChannel(
  stream: ClientChannel,
  limits: FleetLimits,
  onClosed: (why: string) => void,
): AgentChannel {
  const open: OpenRequest[] = [];
  const reader = createLineReader(maximumAnswerLineBytes);
  let nextId = 1;
  let closedBecause: string | null = null;
  let noise = "";

  const close = (why: string) => {
    if (closedBecause !== null) return;
    const words = noise.trim() === "" ? why : `${why} (the host said: ${noise.trim()})`;
    closedBecause = words;
    stream.close();
    for (const request of open.splice(0)) {
      clearTimeout(request.timer);
      request.settle({ outcome: "unknown", detail: words });
    }
    onClosed(words);
  };

  const takeLine = (line: string) => {
    const request = open[0];
    if (request === undefined) return close("the agent sent a line that nobody asked for");
    request.bytes += line.length;
    if (request.parts.length >= limits.maximumAnswerLines || request.bytes > limits.maximumAnswerBytes) {
      return close(`the answer to ${request.verb} is larger than an answer may be`);
    }
    const value = parseJson(line);
    const envelope = answerEnvelopeSchema.safeParse(value);
    if (!envelope.success)
      return close(`the answer to ${request.verb} is not a line of the protocol: ${excerpt(line)}`);
    if (envelope.data.id !== request.id)
      return close(`the agent answered ${excerpt(envelope.data.id)} instead of ${request.id}`);
    if (envelope.data.done !== true) {
      const part = partialAnswerSchema.safeParse(value);
      if (!part.success) return close(badAnswer(request.verb, part.error));
      request.parts.push(part.data);
      request.onPart?.(part.data);
      return;
    }
    const parts = request.parts;
    if (envelope.data.ok === true) {
      const answer = finalAnswerSchemas[request.verb].safeParse(value);
      if (!answer.success) return close(badAnswer(request.verb, answer.error));
      finish(request, { outcome: "answered", answer: answer.data as FinalAnswer<AgentVerb>, parts });
      return;
    }
    const failure = agentFailureSchema.safeParse(value);
    if (!failure.success) return close(badAnswer(request.verb, failure.error));
    finish(request, { outcome: "refused", failure: failure.data, parts });
  };

  const finish = (request: OpenRequest, result: FleetResult<AgentVerb>) => {
    open.shift();
    clearTimeout(request.timer);
    request.settle(result);
  };

  stream.on("data", (chunk: Buffer) => {
    if (closedBecause !== null) return;
    try {
      for (const line of reader.take(chunk)) {
        if (closedBecause !== null) return;
        takeLine(line);
      }
    } catch (error) {
      close(error instanceof RangeError ? error.message : `reading the answer failed: ${String(error)}`);
    }
  });
  stream.stderr.on("data", (chunk: Buffer) => {
    noise = printable(noise + chunk.toString("utf8")).slice(-limits.maximumNoiseBytes);
  });
  stream.on("error", (error: Error) => close(`the channel failed: ${error.message}`));
  let exit = "";
  stream.on("exit", (code: number | null, signal?: string) => {
    exit = code === null ? `killed by ${signal ?? "a signal"}` : `exit status ${code}`;
  });
  stream.on("close", () => close(exit === "" ? "the connection was lost" : `the agent ended: ${exit}`));

  return {
    request<V extends AgentVerb>(verb: V, values: AgentArguments, options: Omit<RequestOptions, "channel" | "signal">) {
      if (closedBecause !== null) return Promise.resolve({ outcome: "unreachable", detail: closedBecause } as const);
      if (open.length >= limits.maximumOpenRequests) {
        const detail = `${open.length} requests to this host are open already`;
        return Promise.resolve({ outcome: "unreachable", detail } as const);
      }
      const id = String(nextId);
      const line = encodeRequest(id, verb, values);
      nextId++;
      return new Promise<FleetResult<V>>((resolve) => {
        open.push({
          id,
          verb,
          parts: [],
          bytes: 0,
          onPart: options.onPart,
          settle: resolve as (result: FleetResult<AgentVerb>) => void,
          timer: setTimeout(
            () => close(`no answer to ${verb} within ${seconds(options.timeoutMs)}`),
            options.timeoutMs,
          ),
        });
        stream.write(line);
        options.onSent?.();
      });
    },
    close,
  };
}

/** Asks an agent who it is; the first request on every channel. @throws Error with words for a person where this agent can't be used */
export async function greet(channel: AgentChannel, timeoutMs: number): Promise<FinalAnswer<"hello">> {
  const result = await channel.request("hello", {}, { timeoutMs });
  switch (result.outcome) {
    case "answered":
      if (result.answer.protocol !== agentProtocolVersion) {
        throw new Error(
          `its agent ${result.answer.agent} speaks protocol ${result.answer.protocol}, this server speaks ${agentProtocolVersion}: enrol the host again to bring its agent up to date`,
        );
      }
      return result.answer;
    case "refused":
      throw new Error(`its agent refused to say hello: ${result.failure.message}`);
    case "unreachable":
    case "unknown":
      throw new Error(`its agent did not say hello: ${result.detail}`);
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function badAnswer(verb: AgentVerb, error: { issues: { path: PropertyKey[]; message: string }[] }): string {
  const issue = error.issues[0];
  return `the answer to ${verb} is not as the protocol says: ${issue?.path.map(String).join(".") ?? ""} ${issue?.message ?? ""}`.slice(
    0,
    500,
  );
}

function excerpt(text: string): string {
  return JSON.stringify(printable(text).slice(0, 120));
}
