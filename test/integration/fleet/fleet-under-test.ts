import { fileURLToPath } from "node:url";
import { createFleet, type Fleet, type FleetHost, type FleetLimits, type HostLink } from "@mailbrake/fleet";
import { startThrowAwaySshd, type ThrowAwaySshd, type ThrowAwaySshdOptions } from "../../stack/throw-away-sshd.ts";

export const scriptedAgent = fileURLToPath(new URL("scripted-agent.sh", import.meta.url));

/** Waits short enough for tests, and long enough for a machine that is busy with others; everything else as shipped. */
export const quickLimits: Partial<FleetLimits> = {
  connectTimeoutMs: 2_000,
  handshakeTimeoutMs: 8_000,
  channelTimeoutMs: 8_000,
  keepaliveIntervalMs: 1_500,
  backOffFirstMs: 100,
  backOffMaximumMs: 500,
};

export interface FleetUnderTest {
  fleet: Fleet;
  links: { hostId: string; link: HostLink }[];
  log: string[];
}

export function fleetFor(privateKey: string, limits: Partial<FleetLimits> = quickLimits): FleetUnderTest {
  const log: string[] = [];
  const write = (data: object, message: string) => log.push(`${message} ${JSON.stringify(data)}`);
  const fleet = createFleet({
    privateKey: () => Promise.resolve(privateKey),
    log: { info: write, warn: write },
    limits,
  });
  const links: FleetUnderTest["links"] = [];
  fleet.onLink((hostId, link) => links.push({ hostId, link }));
  return { fleet, links, log };
}

/** An sshd whose only command is the scripted agent. */
export async function startScriptedHost(options: Partial<ThrowAwaySshdOptions> = {}): Promise<ThrowAwaySshd> {
  const sshd = await startThrowAwaySshd({ forcedCommand: `/bin/sh ${scriptedAgent} /nonexistent`, ...options });
  return sshd;
}

export function hostOf(sshd: ThrowAwaySshd, hostId = "h1"): FleetHost {
  return { hostId, address: sshd.address, port: sshd.port, user: "root", hostKey: sshd.hostKey() };
}

/** Waits until `seen` gives something else than undefined; `told` adds to the error what there is instead. */
export async function until<T>(
  seen: () => T | undefined | false,
  what: string,
  timeoutMs = 40_000,
  told: () => string = () => "",
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = seen();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}${told()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const untilState = (fleet: Fleet, hostId: string, state: HostLink["state"], timeoutMs?: number) =>
  until(
    () => fleet.link(hostId).state === state,
    `${hostId} ${state}`,
    timeoutMs,
    () => `; it is ${JSON.stringify(fleet.link(hostId))}`,
  );
