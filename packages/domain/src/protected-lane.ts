import type { Match } from "@mailbrake/contract";
import { parseAddressOrDomain } from "./mail-address.ts";
import { networkContains, parseNetwork } from "./network.ts";

/** Matches that no brake may name. `all` names nobody and is not refused: it stops mail, never the way to Mailbrake or to the host. */
export interface ProtectedLane {
  /** The control plane as the hosts see it, and any other address that must get through. Addresses or CIDR. */
  addresses: readonly string[];
  /** Envelope addresses or domains: paging, the probe's own. */
  senders: readonly string[];
  recipients: readonly string[];
  helos: readonly string[];
  logins: readonly string[];
  /** Local parts protected at every domain. RFC 5321 4.5.1 and RFC 2142 ask for these two. */
  recipientLocalParts: readonly string[];
}

export const emptyLane: ProtectedLane = {
  addresses: [],
  senders: [],
  recipients: [],
  helos: [],
  logins: [],
  recipientLocalParts: ["postmaster", "abuse"],
};

/** The lane that an operator set, with the addresses that are protected always (the control plane as each host sees it). */
export function protectedLaneOf(chosen: readonly Match[], addresses: readonly string[]): ProtectedLane {
  const values = (kind: Match["kind"]) => chosen.filter((match) => match.kind === kind).map(({ value }) => value);
  return {
    ...emptyLane,
    addresses: [...addresses, ...values("client")],
    senders: values("sender"),
    recipients: values("recipient"),
    helos: values("helo"),
    logins: values("login"),
  };
}

export interface LaneViolation {
  /** Index in the brake's match. */
  index: number;
  why: string;
}

const withoutExtension = (local: string) => local.replace(/[+].*$/, "").toLowerCase();
const split = (address: string): [string, string] => {
  const at = address.lastIndexOf("@");
  return at < 0 ? ["", address.toLowerCase()] : [address.slice(0, at), address.slice(at + 1).toLowerCase()];
};
/** Parent domains count: a brake on example.com takes mail.example.com with it on most MTAs. */
const covers = (domain: string, other: string) => other === domain || other.endsWith(`.${domain}`);

/** Whether a brake on `wanted` (address or domain) would take hold of `kept` (address or domain). */
function touches(wanted: string, kept: string): boolean {
  const [wantedLocal, wantedDomain] = split(wanted);
  const [keptLocal, keptDomain] = split(kept);
  if (wantedLocal === "")
    return covers(wantedDomain, keptDomain) || (keptLocal === "" && covers(keptDomain, wantedDomain));
  if (keptLocal === "") return covers(keptDomain, wantedDomain);
  return withoutExtension(wantedLocal) === withoutExtension(keptLocal) && wantedDomain === keptDomain;
}

function clientViolation(value: string, lane: ProtectedLane): string | null {
  const wanted = parseNetwork(value);
  if (!wanted.ok) return null;
  for (const kept of lane.addresses) {
    const network = parseNetwork(kept.replace(/%.*$/, ""));
    if (!network.ok) continue;
    if (networkContains(wanted.network, network.network) || networkContains(network.network, wanted.network))
      return `${value} holds ${kept}, which Mailbrake itself or a protected system uses; choose a network without it`;
  }
  return null;
}

function nameViolation(value: string, kept: readonly string[], what: string): string | null {
  const hit = kept.find((name) => name.toLowerCase() === value.toLowerCase());
  return hit === undefined ? null : `${what} ${hit} is protected; leave it out`;
}

function addressViolation(value: string, kept: readonly string[], what: string): string | null {
  const wanted = value === "<>" ? null : parseAddressOrDomain(value);
  if (wanted === null || !wanted.ok) return kept.includes(value) ? `${what} ${value} is protected` : null;
  const hit = kept.find((entry) => {
    const read = parseAddressOrDomain(entry);
    return read.ok && touches(wanted.text, read.text);
  });
  return hit === undefined ? null : `${what} ${value} would take ${hit} with it, which is protected; narrow the match`;
}

/**
 * The first condition that names something of the protected lane, or null.
 * Each condition is looked at alone: an ANDed brake that names the lane is refused as well, on the safe side.
 */
export function protectedLaneViolation(matches: readonly Match[], lane: ProtectedLane): LaneViolation | null {
  for (const [index, { kind, value }] of matches.entries()) {
    let why: string | null = null;
    if (kind === "client") why = clientViolation(value, lane);
    else if (kind === "sender") why = addressViolation(value, lane.senders, "sender");
    else if (kind === "helo") why = nameViolation(value, lane.helos, "HELO");
    else if (kind === "login") why = nameViolation(value, lane.logins, "login");
    else if (kind === "recipient") {
      const [local] = split(value);
      const always = lane.recipientLocalParts.includes(withoutExtension(local));
      why = always
        ? `${value} must stay reachable (RFC 5321 section 4.5.1, RFC 2142); brake by sender or client instead`
        : addressViolation(value, lane.recipients, "recipient");
    }
    if (why !== null) return { index, why };
  }
  return null;
}
