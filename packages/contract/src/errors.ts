/**
 * The one catalogue of errors that the API gives: code, HTTP status, words for the postmaster, what to do.
 * Only the server's error-handler plugin turns these into HTTP. docs/errors.md lists the same codes; a test compares them.
 */
import { z } from "zod";

export const errorCatalogue = {
  "bad-input": { status: 400, message: "Something in the request can't be used.", mend: "Change the named field." },
  "not-signed-in": { status: 401, message: "You are not signed in.", mend: "Sign in and try again." },
  "wrong-credentials": {
    status: 401,
    message: "E-mail address or password is wrong.",
    mend: "Check both and try again.",
  },
  "not-allowed": {
    status: 403,
    message: "Your role doesn't allow this.",
    mend: "Ask an admin for the role that is named.",
  },
  "cross-site": { status: 403, message: "This request came from another site.", mend: "Use Mailbrake's own pages." },
  "not-found": { status: 404, message: "There is no such thing.", mend: "It may have been removed; reload the list." },
  conflict: {
    status: 409,
    message: "The present state doesn't allow this.",
    mend: "Read the detail; reload and try again.",
  },
  "protected-lane": {
    status: 409,
    message: "This would brake what must never be braked.",
    mend: "Take the named target out of the brake.",
  },
  "needs-confirmation": {
    status: 409,
    message: "This can lose mail and was not confirmed.",
    mend: "Type the word that is asked for.",
  },
  "fingerprint-mismatch": {
    status: 409,
    message: "The host showed another key than the one confirmed.",
    mend: "Compare the fingerprint on the host's console before going on.",
  },
  "host-unreachable": {
    status: 502,
    message: "The host can't be reached.",
    mend: "Check address, port, network and sshd; the detail says what was tried.",
  },
  "host-refused": { status: 502, message: "The host refused.", mend: "Read its words in the detail." },
  "too-many-requests": { status: 429, message: "Too many requests.", mend: "Wait a minute." },
  "token-spent": { status: 410, message: "This link has been used or has run out.", mend: "Make a new one." },
  "too-large": { status: 413, message: "The request is too large.", mend: "Send less." },
  internal: { status: 500, message: "Mailbrake failed.", mend: "Look in the server's log for the request id." },
} as const satisfies Record<string, { status: number; message: string; mend: string }>;

export const errorCodes = Object.keys(errorCatalogue) as ErrorCode[];
export type ErrorCode = keyof typeof errorCatalogue;

export const errorBodySchema = z.object({
  error: z.object({
    code: z.enum(Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]]),
    message: z.string().max(2_000),
    mend: z.string().max(2_000),
    field: z.string().max(200).optional(),
    detail: z.string().max(4_000).optional(),
    requestId: z.string().max(100).optional(),
  }),
});
export type ErrorBody = z.infer<typeof errorBodySchema>;

/** Thrown by services; the error-handler plugin alone knows HTTP. */
export class MailbrakeError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly detail: string | undefined;
  constructor(code: ErrorCode, options: { field?: string; detail?: string; cause?: unknown } = {}) {
    super(
      options.detail ?? errorCatalogue[code].message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = "MailbrakeError";
    this.code = code;
    this.field = options.field;
    this.detail = options.detail;
  }
}
