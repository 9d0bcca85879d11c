/** The only place that turns errors into HTTP. What isn't in the catalogue becomes `internal`, with its words in the log alone. */
import { type ErrorBody, type ErrorCode, errorCatalogue, MailbrakeError } from "@mailbrake/contract";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import type { MailbrakeApp } from "./mailbrake-app.ts";

/** Writes the body of an error; strings are cut to what the contract allows. */
export function errorBody(
  code: ErrorCode,
  options: { field?: string | undefined; detail?: string | undefined; requestId?: string | undefined } = {},
): ErrorBody {
  const { message, mend } = errorCatalogue[code];
  return {
    error: {
      code,
      message,
      mend,
      ...(options.field === undefined ? {} : { field: options.field.slice(0, 200) }),
      ...(options.detail === undefined ? {} : { detail: options.detail.slice(0, 4_000) }),
      ...(options.requestId === undefined ? {} : { requestId: options.requestId.slice(0, 100) }),
    },
  };
}

/** Finds the catalogue's word for anything thrown. */
export function toMailbrakeError(error: unknown): MailbrakeError {
  if (error instanceof MailbrakeError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const [first] = error.validation;
    const field = first?.instancePath.slice(1).replaceAll("/", ".");
    return new MailbrakeError("bad-input", {
      ...(field ? { field } : {}),
      detail: `${field ? `${field}: ` : ""}${first?.message ?? "it does not have the form that is asked for"}`,
    });
  }
  const { statusCode, message } = error as Partial<FastifyError>;
  if (statusCode === 429) return new MailbrakeError("too-many-requests");
  if (statusCode === 413) return new MailbrakeError("too-large");
  if (statusCode === 404) return new MailbrakeError("not-found");
  // Fastify's own words on a body that can't be read; they hold nothing of ours.
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new MailbrakeError("bad-input", message === undefined ? {} : { detail: message });
  return new MailbrakeError("internal", { cause: error });
}

function sendError(request: FastifyRequest, reply: FastifyReply, thrown: unknown): FastifyReply {
  const error = toMailbrakeError(thrown);
  const internal = error.code === "internal";
  if (internal) request.log.error({ err: error.cause ?? error, route: request.routeOptions.url }, "request failed");
  return reply
    .status(errorCatalogue[error.code].status)
    .type("application/json; charset=utf-8")
    .send(
      errorBody(error.code, {
        field: error.field,
        ...(internal ? { requestId: request.id } : { detail: error.detail }),
      }),
    );
}

/** Must be set before routes are registered. */
export function setErrorHandlers(app: MailbrakeApp): void {
  app.setErrorHandler((error, request, reply) => sendError(request, reply, error));
  app.setNotFoundHandler((request, reply) => sendError(request, reply, new MailbrakeError("not-found")));
}
