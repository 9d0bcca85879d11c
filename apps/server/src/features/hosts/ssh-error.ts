import { MailbrakeError } from "@mailbrake/contract";
import { SshFailure } from "@mailbrake/fleet";

/** Turns a failure of SSH into the catalogue's error; what is none of ours is `internal`. */
export function toApiError(error: unknown, place: string): MailbrakeError {
  if (error instanceof MailbrakeError) return error;
  if (!(error instanceof SshFailure)) return new MailbrakeError("internal", { cause: error });
  const options = { detail: `${place}: ${error.message}`, cause: error };
  switch (error.reason) {
    case "key-changed":
      return new MailbrakeError("fingerprint-mismatch", options);
    case "unreachable":
      return new MailbrakeError("host-unreachable", options);
    case "not-allowed":
    case "failed":
      return new MailbrakeError("host-refused", options);
  }
}
