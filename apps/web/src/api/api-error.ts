import { type ErrorBody, type ErrorCode, errorBodySchema, errorCatalogue } from "@mailbrake/contract";

/** The two that only a browser can have, beside the contract's catalogue. */
const ownCodes = {
  offline: {
    message: "Mailbrake can't be reached.",
    mend: "Check your connection; nothing was changed unless a page says so. Then try again.",
  },
  "not-understood": {
    message: "Mailbrake answered in a way that this page doesn't understand.",
    mend: "Reload the page: the server may be newer than it.",
  },
} as const;

export type ApiErrorCode = ErrorCode | keyof typeof ownCodes;

export class ApiError extends Error {
  readonly code: ApiErrorCode;
  readonly mend: string;
  readonly status: number;
  readonly field: string | undefined;
  readonly detail: string | undefined;
  readonly requestId: string | undefined;

  constructor(
    code: ApiErrorCode,
    status: number,
    told: Partial<Pick<ErrorBody["error"], "message" | "mend" | "field" | "detail" | "requestId">> = {},
  ) {
    const words = code in ownCodes ? ownCodes[code as keyof typeof ownCodes] : errorCatalogue[code as ErrorCode];
    super(told.message ?? words.message);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.mend = told.mend ?? words.mend;
    this.field = told.field;
    this.detail = told.detail;
    this.requestId = told.requestId;
  }
}

/** Makes the error of an answer that was not 2xx. `signInAnswer`: better-auth words its errors in its own way. */
export function errorOfAnswer(status: number, body: unknown): ApiError {
  const parsed = errorBodySchema.safeParse(body);
  if (parsed.success) {
    const { code, ...told } = parsed.data.error;
    return new ApiError(code, status, dropUndefined(told));
  }
  if (status === 429) return new ApiError("too-many-requests", status);
  if (status === 401) return new ApiError("not-signed-in", status);
  if (status === 403) return new ApiError("not-allowed", status);
  if (status === 404) return new ApiError("not-found", status);
  if (status === 502 || status === 503 || status === 504) return new ApiError("offline", status);
  if (status >= 500) return new ApiError("internal", status);
  return new ApiError("not-understood", status);
}

/** Any thrown thing as something that the error presenter can show. */
export function asApiError(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  return new ApiError("not-understood", 0, { detail: cause instanceof Error ? cause.message : String(cause) });
}

function dropUndefined<T extends Record<string, unknown>>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
