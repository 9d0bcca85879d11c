/** Random brakes out of what a host's agent says that it can do. */
import type { AgentArguments, Cell, DiscoveredPoint, MatchKind } from "@mailbrake/contract";
import type { AgentOnHost } from "../integration/postfix-driver/agent-on-host.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** Without the null sender, by which bounces of OpenSMTPD itself come. */
const senders = ["sender:writer@outside.example", "sender:outside.example", "sender:other.example"];
const values: Record<MatchKind, readonly string[]> = {
  all: ["all"],
  client: ["client:192.0.2.7", "client:198.51.100.0/24"],
  helo: ["helo:spam.example"],
  sender: [...senders, "sender:<>"],
  recipient: ["recipient:someone@lab.example", "recipient:lab.example", "recipient:nobody@partner.example"],
  login: ["login:bob"],
};

export interface OpenDoors {
  readonly points: readonly DiscoveredPoint[];
}

/** Everything that the agent can brake on this host. */
export async function openDoors(agent: AgentOnHost): Promise<OpenDoors> {
  const { parts } = await agent.ask("discover");
  const points = parts.flatMap((part) => ("point" in part ? [part.point] : []));
  if (points.length === 0) throw new Error("discover found no block point");
  return { points };
}

/** A block point, and an effect that it can have. */
export interface CellAtPoint {
  readonly point: DiscoveredPoint;
  readonly cell: Cell;
}

function everyCell(doors: OpenDoors): CellAtPoint[] {
  return doors.points.flatMap((point) => point.cells.map((cell) => ({ point, cell })));
}

/** What loses no mail and refuses none for good. */
export function losslessCells(doors: OpenDoors): CellAtPoint[] {
  return everyCell(doors).filter(
    // A local program has no queue to try again from: what it is refused is its own to keep.
    ({ point, cell }) => !cell.loses && cell.effect !== "reject" && point.kind !== "local",
  );
}

/**
 * One random order, as the keys of `apply` without app, brake and ttl.
 * @param clients addresses from which mail comes, among those that a client match may name
 * @param lossless only what loses no mail and refuses none for good
 */
export function randomOrder(
  random: SeededRandom,
  doors: OpenDoors,
  clients: readonly string[],
  lossless: boolean,
): AgentArguments {
  const { point, cell } = random.pick(lossless ? losslessCells(doors) : everyCell(doors));
  const pairs = cell.pairs ?? [];
  const kinds: readonly MatchKind[] =
    pairs.length > 0 && random.next() < 0.3 ? random.pick(pairs) : [random.pick(cell.matches)];
  const [match = "all", match2] = kinds.map((kind) =>
    random.pick(
      kind === "recipient" && point.kind === "delivery"
        ? ["recipient:lab.example", "recipient:partner.example"]
        : kind === "client"
          ? [...values.client, ...clients.map((address) => `client:${address}`)]
          : kind === "sender" && point.kind === "local" && point.instance.startsWith("opensmtpd:")
            ? senders
            : values[kind],
    ),
  );
  // What all that count can do: Postfix waits whole seconds between deliveries, so 60 a minute at most.
  const rate = String(1 + random.below(60));
  const throttle =
    cell.effect !== "throttle"
      ? {}
      : point.kind === "delivery" && !point.instance.startsWith("nftables:")
        ? { messages: rate }
        : { connections: rate };
  return {
    instance: point.instance,
    point: point.point,
    effect: cell.effect,
    match,
    ...(match2 ? { match2 } : {}),
    ...throttle,
    ...(random.next() < 0.3 ? { text: `try later; "quoted" $x {y} ${random.below(1000)}` } : {}),
  };
}
