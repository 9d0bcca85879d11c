/**
 * The agent protocol, version 1, as docs/protocol.md tells it. Whatever an agent sends is parsed here and nowhere else.
 */
import { z } from "zod";
import { queuePartialAnswerSchemas, surveySummarySchema } from "./agent-protocol-queues.ts";
import { blockPointKindSchema, effectSchema, entryPointRoleSchema, matchKindSchema } from "./words.ts";

export const agentProtocolVersion = 1;
export const maximumRequestBytes = 8192;
/** An answer line longer than this is an error of the agent, not a reason to fill memory. */
export const maximumAnswerLineBytes = 262_144;

export const agentVerbs = [
  "hello",
  "discover",
  "arm",
  "disarm",
  "plan",
  "apply",
  "lift",
  "status",
  "probe",
  "expire",
  "selftest",
  "survey",
  "follow",
  "queue",
] as const;
export type AgentVerb = (typeof agentVerbs)[number];

/** Keys of a request and the most bytes that each may have once decoded. */
export const agentKeyBytes = {
  app: 40,
  brake: 12,
  instance: 255,
  point: 120,
  effect: 8,
  match: 400,
  match2: 400,
  match3: 400,
  text: 200,
  connections: 6,
  messages: 6,
  recipients: 6,
  cut: 1,
  ttl: 8,
  by: 80,
  reason: 300,
  op: 8,
  sender: 320,
  recipient: 320,
  rows: 3,
  seconds: 2,
  in: 8,
  older: 8,
  younger: 8,
  larger: 12,
  smaller: 12,
  limit: 3,
  after: 120,
  message: 64,
  body: 1,
  job: 40,
  action: 8,
  rate: 6,
  ceiling: 6,
  deferrals: 6,
  of: 40,
} as const;
export type AgentKey = keyof typeof agentKeyBytes;

export const agentErrorCodes = [
  "bad-line",
  "unknown-verb",
  "unknown-key",
  "missing-key",
  "bad-value",
  "too-long",
  "no-such-instance",
  "no-such-point",
  "no-such-application",
  "cannot",
  "conflict",
  "no-space",
  "read-only",
  "busy",
  "check-failed",
  "internal",
] as const;
export const agentErrorCodeSchema = z.enum(agentErrorCodes);
export type AgentErrorCode = z.infer<typeof agentErrorCodeSchema>;

const word = z.string().max(400);
const line = z.string().max(4_000);
const epochSeconds = z.number().int().nonnegative();

export const readbackSchema = z.object({ what: line, value: z.string().max(20_000) });
export type Readback = z.infer<typeof readbackSchema>;
export const checkedSchema = z.object({ what: line, ok: z.boolean(), detail: line });
export type Checked = z.infer<typeof checkedSchema>;

export const agentFailureSchema = z.object({
  id: word,
  done: z.literal(true),
  ok: z.literal(false),
  error: agentErrorCodeSchema,
  field: word.optional(),
  message: line,
});
export type AgentFailure = z.infer<typeof agentFailureSchema>;

const done = { id: word, done: z.literal(true), ok: z.literal(true) };

export const helloAnswerSchema = z.object({
  ...done,
  agent: word,
  protocol: z.number().int(),
  host: word,
  os: word,
  kernel: word,
  shell: word,
  awk: word,
  uid: z.number().int(),
  time: epochSeconds,
  stateDir: word,
  applications: z.number().int(),
  dirty: z.boolean(),
});
export type HelloAnswer = z.infer<typeof helloAnswerSchema>;

export const cellSchema = z.object({
  effect: effectSchema,
  matches: z.array(matchKindSchema).max(10),
  /** Kinds that can be ANDed exactly, in the order of the words' list. */
  pairs: z
    .array(z.tuple([matchKindSchema, matchKindSchema]))
    .max(20)
    .optional(),
  loses: z.boolean(),
  reply: line,
  note: line.optional(),
});
export type Cell = z.infer<typeof cellSchema>;

export const probeTargetSchema = z.object({
  address: word,
  port: z.number().int().min(1).max(65_535),
  sender: word,
  recipient: word,
});
export type ProbeTarget = z.infer<typeof probeTargetSchema>;

export const discoveredInstanceSchema = z.object({
  instance: word,
  mta: word,
  version: word,
  configDir: word,
  name: word,
  hostname: word,
  running: z.boolean(),
  armed: z.boolean(),
  domains: z.array(word).max(50),
});
export type DiscoveredInstance = z.infer<typeof discoveredInstanceSchema>;

export const discoveredPointSchema = z.object({
  instance: word,
  point: word,
  kind: blockPointKindSchema,
  label: word,
  role: entryPointRoleSchema.nullable(),
  listens: z.array(z.object({ address: word, port: z.number().int().min(1).max(65_535) })).max(50),
  cells: z.array(cellSchema).max(50),
  probe: probeTargetSchema.nullish(),
});
export type DiscoveredPoint = z.infer<typeof discoveredPointSchema>;

/** What stands around the mail systems of a host, for people to read: rules of its firewall that name a port of mail, marks of configuration management, sockets. */
export const surroundingsSchema = z.object({
  firewall: z.array(word).max(40),
  management: z.array(word).max(40),
  listeners: z.array(z.object({ address: word, port: z.number().int().min(1).max(65_535), process: word })).max(100),
});
export type Surroundings = z.infer<typeof surroundingsSchema>;

export const planStepSchema = z.object({
  kind: z.enum(["command", "file", "note"]),
  text: line,
  path: line.optional(),
  diff: z.string().max(60_000).optional(),
});
export type PlanStep = z.infer<typeof planStepSchema>;

export const planSummarySchema = z.object({
  ...done,
  reply: line,
  loses: z.boolean(),
  cutsSessions: z.boolean(),
  opens: z.array(line).max(100),
  notes: z.array(line).max(100),
});

export const reportedApplicationSchema = z.object({
  app: word,
  brake: word,
  instance: word,
  point: word,
  effect: effectSchema,
  match: z.array(word).max(3),
  text: line,
  connections: z.number().int(),
  messages: z.number().int(),
  recipients: z.number().int(),
  cut: z.boolean().default(false),
  since: epochSeconds,
  expires: epochSeconds,
  by: word,
  reason: line,
  origin: z.enum(["server", "local"]),
  intact: z.boolean(),
  drift: z.array(line).max(100),
  readback: z.array(readbackSchema).max(100),
});
export type ReportedApplication = z.infer<typeof reportedApplicationSchema>;

export const endedApplicationSchema = z.object({
  app: word,
  brake: word,
  how: z.enum(["lifted", "expired"]),
  at: epochSeconds,
  by: word,
  reason: line,
  released: z.number().int(),
});
export type EndedApplication = z.infer<typeof endedApplicationSchema>;

export const dialogueLineSchema = z.object({ from: z.enum(["client", "server"]), text: z.string().max(2_000) });
export type DialogueLine = z.infer<typeof dialogueLineSchema>;

/** What every answer line has; read first, to know whose it is and whether it is the last. */
export const answerEnvelopeSchema = z.object({ id: word, done: z.boolean().optional(), ok: z.boolean().optional() });

/** Lines before the last, by what they carry. */
export const partialAnswerSchema = z.union([
  z.object({ id: word, progress: z.enum(["journal", "render", "reload", "check"]) }),
  z.object({ id: word, instance: discoveredInstanceSchema }),
  z.object({ id: word, point: discoveredPointSchema }),
  z.object({ id: word, surroundings: surroundingsSchema }),
  z.object({ id: word, step: planStepSchema }),
  z.object({ id: word, application: reportedApplicationSchema }),
  z.object({ id: word, ended: endedApplicationSchema }),
  z.object({ id: word, check: z.object({ name: word, ok: z.boolean(), detail: line }) }),
  ...queuePartialAnswerSchemas,
]);
export type PartialAnswer = z.infer<typeof partialAnswerSchema>;

const orderEvidence = { readback: z.array(readbackSchema).max(100), checked: z.array(checkedSchema).max(100) };

/** The last line of a request that went well, by verb. */
export const finalAnswerSchemas = {
  hello: helloAnswerSchema,
  discover: z.object({ ...done, instances: z.number().int(), points: z.number().int() }),
  arm: z.object({ ...done, outcome: z.enum(["armed", "already"]), readback: z.array(readbackSchema).max(100) }),
  disarm: z.object({ ...done, outcome: z.enum(["disarmed", "already"]), readback: z.array(readbackSchema).max(100) }),
  plan: planSummarySchema,
  apply: z.object({
    ...done,
    outcome: z.enum(["applied", "already"]),
    app: word,
    expires: epochSeconds,
    ...orderEvidence,
  }),
  lift: z.object({
    ...done,
    outcome: z.enum(["lifted", "already"]),
    app: word,
    released: z.number().int().nonnegative(),
    ...orderEvidence,
  }),
  status: z.object({ ...done, time: epochSeconds, dirty: z.boolean(), armed: z.array(word).max(100) }),
  probe: z.object({ ...done, dialogue: z.array(dialogueLineSchema).max(100), code: z.number().int(), reply: line }),
  expire: z.object({ ...done, expired: z.array(word).max(10_000), reasserted: z.array(word).max(10_000) }),
  selftest: z.object({ ...done, passed: z.number().int(), failed: z.number().int() }),
  survey: z.object({ ...done, ...surveySummarySchema.shape }),
  follow: z.object({ ...done, ticks: z.number().int() }),
  /** By its `op`: read again with queueFinalAnswerSchemas. */
  queue: z.looseObject(done),
} as const satisfies Record<AgentVerb, z.ZodType>;
export type FinalAnswer<V extends AgentVerb> = z.infer<(typeof finalAnswerSchemas)[V]>;

export type AgentArguments = Partial<Record<AgentKey, string>>;

/**
 * Writes one request line, newline included.
 * @param id 1 to 32 letters or digits
 * @throws RangeError naming the key whose value is too long or holds a control character
 */
export function encodeRequest(id: string, verb: AgentVerb, values: AgentArguments): string {
  if (!/^[A-Za-z0-9]{1,32}$/.test(id)) throw new RangeError("id: 1 to 32 letters or digits");
  const parts = [id, verb];
  for (const [key, value] of Object.entries(values) as [AgentKey, string | undefined][]) {
    if (value === undefined) continue;
    const bytes = new TextEncoder().encode(value);
    if (bytes.length > agentKeyBytes[key]) throw new RangeError(`${key}: at most ${agentKeyBytes[key]} bytes`);
    let encoded = "";
    for (const byte of bytes) {
      if (byte < 0x20 || byte === 0x7f) throw new RangeError(`${key}: no control characters`);
      const character = String.fromCharCode(byte);
      encoded += /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    }
    parts.push(`${key}=${encoded}`);
  }
  const request = `${parts.join(" ")}\n`;
  if (request.length > maximumRequestBytes) throw new RangeError("request: longer than 8192 bytes once encoded");
  return request;
}
