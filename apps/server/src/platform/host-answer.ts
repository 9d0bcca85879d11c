import { type AgentVerb, MailbrakeError } from "@mailbrake/contract";
import type { FleetResult } from "@mailbrake/fleet";

/**
 * For requests where a person waits for the host's answer and nothing else will do.
 * @throws MailbrakeError `host-refused` or `host-unreachable`, with the host's own words as the detail
 */
export function answerOf<R extends FleetResult<AgentVerb>>(
  hostName: string,
  result: R,
): Extract<R, { outcome: "answered" }> {
  switch (result.outcome) {
    case "answered":
      return result as Extract<R, { outcome: "answered" }>;
    case "refused":
      throw new MailbrakeError("host-refused", { detail: `${hostName}: ${result.failure.message}` });
    case "unreachable":
      throw new MailbrakeError("host-unreachable", { detail: `${hostName}: ${result.detail}` });
    case "unknown":
      throw new MailbrakeError("host-unreachable", {
        detail: `${hostName} was asked and did not answer, so what it did is not known: ${result.detail}`,
      });
  }
}
