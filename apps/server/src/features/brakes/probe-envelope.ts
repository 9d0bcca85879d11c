/** The envelope that a brake would take hold of, made from its match and the point's own probe target. */
import type { Match, ProbeTarget } from "@mailbrake/contract";
import { networkHolds } from "@mailbrake/domain";

export interface ProbeEnvelope {
  address: string;
  port: number;
  helo: string | undefined;
  sender: string;
  recipient: string;
  /** Only the host itself can reach the listener, so its agent speaks. */
  fromHost: boolean;
}

const localPart = "mailbrake-probe";
const everywhere = new Set(["", "*", "0.0.0.0", "::"]);
const addressAt = (value: string) => (value.includes("@") ? value : `${localPart}@${value}`);

/**
 * @param hostAddress where the host's sshd is reached; stands in for a listener on every address
 */
export function probeEnvelope(target: ProbeTarget, match: readonly Match[], hostAddress: string): ProbeEnvelope {
  const bare = target.address.replace(/^\[|\]$/g, "");
  const valueFor = (kind: Match["kind"]) => match.find((one) => one.kind === kind)?.value;
  const sender = valueFor("sender");
  const recipient = valueFor("recipient");
  return {
    address: everywhere.has(bare) ? hostAddress : bare,
    port: target.port,
    helo: valueFor("helo"),
    sender: sender === undefined ? target.sender.replace(/^<|>$/g, "") : sender === "<>" ? "" : addressAt(sender),
    recipient: recipient === undefined ? target.recipient : addressAt(recipient),
    fromHost: bare === "localhost" || networkHolds("127.0.0.0/8", bare) || networkHolds("::1", bare),
  };
}
