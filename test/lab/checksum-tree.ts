import type { LabHost } from "./lab-host.ts";

// NUL-separated, as names may hold anything. Sockets and pipes have no content to sum; %l is empty but for a link.
const listScript = `find "$@" -printf '%p\\t%y\\t%m\\t%U:%G\\t%l\\0'`;
const sumScript = `find "$@" -type f -exec sha256sum -z {} +`;

/** See LabHost.checksumTree. Fails when a path doesn't exist. */
export async function checksumTree(host: LabHost, paths: readonly string[]): Promise<string[]> {
  const [listed, summed] = await Promise.all([
    host.shell(listScript, { args: paths }),
    host.shell(sumScript, { args: paths }),
  ]);
  const sums = new Map<string, string>();
  for (const record of summed.stdout.split("\0")) {
    if (record !== "") sums.set(record.slice(66), record.slice(0, 64));
  }
  return listed.stdout
    .split("\0")
    .filter((record) => record !== "")
    .map((record) => `${record}${sums.get(record.slice(0, record.indexOf("\t"))) ?? ""}`)
    .sort();
}
