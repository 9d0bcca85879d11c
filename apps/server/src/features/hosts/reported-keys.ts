import { fingerprintOf, keyTypeOf } from "@mailbrake/fleet";
import { z } from "zod";

export interface ReportedKey {
  keyType: string;
  /** Base64 of the public key blob. */
  hostKey: string;
  fingerprint: string;
}

const storedLines = z.array(z.string());

/** Reads the lines of /etc/ssh/ssh_host_*_key.pub; what isn't a key is left out. */
export function readKeyLines(lines: readonly string[]): ReportedKey[] {
  return lines.flatMap((line) => {
    const [keyType = "", hostKey = ""] = line.trim().split(/\s+/);
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(hostKey) || keyTypeOf(hostKey) !== keyType) return [];
    return [{ keyType, hostKey, fingerprint: fingerprintOf(hostKey) }];
  });
}

export function readStoredKeys(reportedHostKeys: string | null): ReportedKey[] {
  return reportedHostKeys === null ? [] : readKeyLines(storedLines.parse(JSON.parse(reportedHostKeys)));
}

export function storeKeys(keys: readonly ReportedKey[]): string {
  return JSON.stringify(keys.map(({ keyType, hostKey }) => `${keyType} ${hostKey}`));
}
