/**
 * The only way to the API. Every answer is parsed by a schema of the contract before a screen sees it.
 * Every request has a limit in time; a request that could not be sent or was cut is an `offline` ApiError.
 */
import { ApiError, errorOfAnswer } from "./api-error.ts";
import { noteServerTime } from "./server-clock.ts";

interface Schema<T> {
  parse(value: unknown): T;
}
type SearchValue = string | number | boolean | undefined;

export interface CallOptions {
  search?: Record<string, SearchValue>;
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
}

const ordinaryTimeoutMs = 15_000;

/** @throws ApiError */
export function get<T>(path: string, schema: Schema<T>, options: CallOptions = {}): Promise<T> {
  return call("GET", path, undefined, schema, options);
}

/** @throws ApiError; `body` undefined sends an empty object, so that every change is a JSON request (the server refuses others). */
export function send<T>(
  method: "POST" | "PUT" | "PATCH",
  path: string,
  body: unknown,
  schema: Schema<T>,
  options: CallOptions = {},
): Promise<T> {
  return call(method, path, body ?? {}, schema, options);
}

async function call<T>(method: string, path: string, body: unknown, schema: Schema<T>, options: CallOptions) {
  const { status, json } = await fetchJson(method, path, body, options);
  if (status < 200 || status > 299) throw errorOfAnswer(status, json);
  try {
    return schema.parse(json);
  } catch (cause) {
    throw new ApiError("not-understood", status, { detail: cause instanceof Error ? cause.message : String(cause) });
  }
}

/** @throws ApiError only for requests that had no answer; the status is the caller's to judge. */
export async function fetchJson(method: string, path: string, body: unknown, options: CallOptions = {}) {
  const limit = AbortSignal.timeout(options.timeoutMs ?? ordinaryTimeoutMs);
  try {
    const response = await fetch(path + searchOf(options.search), {
      method,
      credentials: "same-origin",
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      signal: options.signal ? AbortSignal.any([options.signal, limit]) : limit,
    });
    noteServerTime(response.headers.get("date"));
    const text = await response.text();
    return { status: response.status, json: text === "" ? undefined : parseJson(text) };
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    const late = limit.aborted ? `No answer within ${(options.timeoutMs ?? ordinaryTimeoutMs) / 1_000} s.` : undefined;
    throw new ApiError("offline", 0, late === undefined ? {} : { detail: late });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function searchOf(search: Record<string, SearchValue> = {}): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) if (value !== undefined) parameters.set(key, String(value));
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}
