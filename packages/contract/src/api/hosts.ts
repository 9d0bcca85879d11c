import { z } from "zod";
import { surroundingsSchema } from "../agent-protocol.ts";
import { limits } from "../words.ts";
import { cursorSchema, idSchema, isoTimeSchema, pageSizeSchema } from "./access.ts";

export const hostNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(63)
  .regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, "letters, digits, dots and hyphens");
/** A DNS name or an IPv4 or IPv6 address to reach the host's sshd at. */
export const hostAddressSchema = z
  .string()
  .trim()
  .min(1)
  .max(253)
  .regex(/^[A-Za-z0-9:][A-Za-z0-9.:%_-]*$/, "a host name or an IP address");
export const portSchema = z.number().int().min(1).max(65_535);
/** `SHA256:` and 43 base64 characters, as ssh-keygen -lf prints it. */
export const fingerprintSchema = z
  .string()
  .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, "a SHA256 fingerprint as ssh-keygen -lf prints it");

/** How the server stands to the host. `key-changed` stops everything for the host until an admin pins the new key. */
export const hostLinkStates = ["connecting", "connected", "unreachable", "key-changed"] as const;
export const hostLinkStateSchema = z.enum(hostLinkStates);
export type HostLinkState = z.infer<typeof hostLinkStateSchema>;

export const instanceViewSchema = z.object({
  id: idSchema,
  hostId: idSchema,
  instance: z.string(),
  mta: z.string(),
  version: z.string(),
  configDir: z.string(),
  name: z.string(),
  hostname: z.string(),
  running: z.boolean(),
  armed: z.boolean(),
  domains: z.array(z.string()),
});
export type InstanceView = z.infer<typeof instanceViewSchema>;

export const hostViewSchema = z.object({
  id: idSchema,
  name: z.string(),
  address: z.string(),
  port: portSchema,
  user: z.string(),
  fingerprint: z.string(),
  link: hostLinkStateSchema,
  /** In words: what is being tried, and when next. */
  linkDetail: z.string(),
  nextAttemptAt: isoTimeSchema.nullable(),
  lastSeenAt: isoTimeSchema.nullable(),
  clockSkewSeconds: z.number().nullable(),
  agentVersion: z.string().nullable(),
  os: z.string().nullable(),
  discoveredAt: isoTimeSchema.nullable(),
  enrolledAt: isoTimeSchema,
  instances: z.array(instanceViewSchema),
  blockPointCount: z.number().int(),
  activeApplicationCount: z.number().int(),
});
export type HostView = z.infer<typeof hostViewSchema>;
export const hostListSchema = z.object({ hosts: z.array(hostViewSchema), nextCursor: z.string().nullable() });
export const hostListQuerySchema = z.object({ cursor: cursorSchema, pageSize: pageSizeSchema });

/** GET /api/hosts/:id/surroundings, as of the last discovery; null where the agent has told of none. */
export const hostSurroundingsSchema = z.object({ surroundings: surroundingsSchema.nullable() });
export type HostSurroundings = z.infer<typeof hostSurroundingsSchema>;

export const fingerprintRequestSchema = z.object({ address: hostAddressSchema, port: portSchema.default(22) });
export const fingerprintViewSchema = z.object({
  address: z.string(),
  port: portSchema,
  keyType: z.string(),
  fingerprint: fingerprintSchema,
});

/** Credentials are used once, for this enrolment, and kept nowhere. */
export const enrolBySshRequestSchema = z
  .object({
    name: hostNameSchema,
    address: hostAddressSchema,
    port: portSchema.default(22),
    user: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/, "a login name"),
    password: z.string().max(1_000).optional(),
    privateKey: z.string().max(20_000).optional(),
    passphrase: z.string().max(1_000).optional(),
    fingerprint: fingerprintSchema,
  })
  .refine((value) => value.password !== undefined || value.privateKey !== undefined, {
    path: ["password"],
    message: "give a password or a private key",
  });
export type EnrolBySshRequest = z.infer<typeof enrolBySshRequestSchema>;

export const createEnrolmentRequestSchema = z.object({
  name: hostNameSchema,
  address: hostAddressSchema,
  port: portSchema.default(22),
});
export const enrolmentStates = ["waiting", "reported", "confirmed", "expired"] as const;
export const enrolmentViewSchema = z.object({
  id: idSchema,
  name: z.string(),
  address: z.string(),
  port: portSchema,
  state: z.enum(enrolmentStates),
  /** The one-liner to paste on the host as root; only in the answer that made it. */
  command: z.string().nullable(),
  /** What the host itself reported, to compare with its console. */
  reportedFingerprints: z.array(z.string()),
  expiresAt: isoTimeSchema,
  hostId: idSchema.nullable(),
});
export type EnrolmentView = z.infer<typeof enrolmentViewSchema>;
export const enrolmentListSchema = z.object({ enrolments: z.array(enrolmentViewSchema) });
export const confirmEnrolmentRequestSchema = z.object({ fingerprint: fingerprintSchema });
export const pinHostKeyRequestSchema = z.object({ fingerprint: fingerprintSchema });
/** What the enrolment script posts from the host; the token in the URL is the only credential. */
export const enrolmentReportSchema = z.object({
  installed: z.literal(true),
  version: z.string().max(40),
  user: z.string().max(64),
  hostKeys: z.array(z.string().max(2_000)).min(1).max(20),
});
export type EnrolmentReport = z.infer<typeof enrolmentReportSchema>;
export const removeHostRequestSchema = z.object({ reason: z.string().trim().min(1).max(limits.reasonLength) });
