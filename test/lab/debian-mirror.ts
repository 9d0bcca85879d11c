import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "./lab-error.ts";

/** Gives the address of the first Debian archive named in the texts of apt's source files, or undefined. Both formats of sources.list(5). */
export function firstArchive(texts: readonly string[]): string | undefined {
  for (const text of texts) {
    for (const line of text.split("\n")) {
      const found = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line) ?? /^URIs:\s*(\S+)/.exec(line);
      if (found?.[1] !== undefined) return found[1];
    }
  }
  return undefined;
}

/** Finds the Debian mirror that this machine itself uses, so that the lab downloads from nowhere else. */
export async function findDebianMirror(aptFolder = "/etc/apt"): Promise<string> {
  const partsFolder = join(aptFolder, "sources.list.d");
  const parts = (await readdir(partsFolder).catch((): string[] => [])).filter((name) => /\.(list|sources)$/.test(name));
  const candidates = [join(aptFolder, "sources.list"), ...parts.sort().map((name) => join(partsFolder, name))];
  const texts = await Promise.all(candidates.map((path) => readFile(path, "utf8").catch(() => "")));
  const mirror = firstArchive(texts);
  if (mirror === undefined) {
    throw new LabError(
      `No Debian mirror is named in ${aptFolder}/sources.list or ${partsFolder}.`,
      "The lab is built from the machine's own mirror: name one there, then try again.",
    );
  }
  return mirror;
}
