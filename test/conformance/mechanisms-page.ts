/**
 * docs/mechanisms.md, which a run of the suite writes: what each mail system was seen to do, cell by cell.
 * Several files of the suite write it at once, each its own section: under a lock, and whole. One that is killed leaves a lock that the others
 * wait for in vain, and name.
 */
import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { CellCase } from "./cell-cases.ts";

const pagePath = fileURLToPath(new URL("../../docs/mechanisms.md", import.meta.url));
const lockPath = `${pagePath}.lock`;
const lockLimitMs = 10_000;
export const writeCommand = "npm run docs:mechanisms";

const introduction = `# What each mail system was seen to do

The conformance suite (\`test/conformance\`) writes this page: \`${writeCommand}\`. Every run compares it with what it sees. Don't edit it by hand.

Each row was planned, applied, tried by mail that it means and by mail that differs from that in one thing, read back, lifted, and tried again; then the host's files were compared with those of before.
Mail that a row does not mean was taken and arrived, and held or paused mail arrived after the lift. TEXT and REF are the brake's; CLIENT, CLIENT-NAME, SENDER, RECIPIENT and HOST stand for the session's own.
A form of a match that a mail system does not take is \`refused\`, in its own words. A plus joins matches that one brake can require together. A \`domain\` is a domain and the names below it, \`<>\` the null sender, a \`network\` a CIDR.
`;

/** A cell that was proved, and what its sender saw. */
export interface ProvedCell {
  cell: CellCase;
  seen: string;
  /** The driver takes this match in another form only, and said so. */
  refused: boolean;
}

/** The section of one mail system: a row for each kind of block point, effect and answer. */
export function mechanismsSection(title: string, proved: readonly ProvedCell[]): string {
  const rows = new Map<string, { before: string; matches: string[]; after: string }>();
  for (const { cell, seen, refused } of proved) {
    const before = `${cell.kind} | ${cell.effectLabel}`;
    const after = `${inTable(seen)} | ${cell.cell.loses ? "**yes**" : "no"} | ${refused ? "" : (cell.cell.note ?? "")}`;
    const row = rows.get(before + after) ?? { before, matches: [], after };
    row.matches.push(cell.matchLabel);
    rows.set(before + after, row);
  }
  const lines = [...rows.values()].map(
    ({ before, matches, after }) => `| ${before} | ${matches.join(", ")} | ${after} |`,
  );
  return [
    `## ${title}`,
    "",
    `${proved.filter((one) => !one.refused).length} cells.`,
    "",
    "| block point | effect | match | what the sender sees | loses mail | note |",
    "|-|-|-|-|-|-|",
    ...lines,
    "",
  ].join("\n");
}

function inTable(seen: string): string {
  const quoted = /^\d{3} |^sendmail: /.test(seen) ? `\`${seen}\`` : seen;
  return quoted.replaceAll("|", "\\|");
}

/** The page's sections as it is, by title, in its order; none where there is no page. */
export function pageSections(): Map<string, string> {
  let text = "";
  try {
    text = readFileSync(pagePath, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const sections = text.split(/^(?=## )/m).slice(1);
  return new Map(sections.map((section) => [/^## (.*)$/m.exec(section)?.[1] ?? "", `${section.trimEnd()}\n`]));
}

/** Puts one section into the page, in the order of `titles`, and leaves out those that are not among them. */
export async function writeSection(titles: readonly string[], title: string, section: string): Promise<void> {
  await takeLock();
  try {
    const sections = pageSections().set(title, section);
    const kept = titles.flatMap((one) => sections.get(one) ?? []);
    writeFileSync(`${pagePath}.new`, [introduction, ...kept].join("\n"));
    renameSync(`${pagePath}.new`, pagePath);
  } finally {
    rmdirSync(lockPath);
  }
}

async function takeLock(): Promise<void> {
  for (const started = Date.now(); ; await sleep(50)) {
    try {
      mkdirSync(lockPath);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (Date.now() - started > lockLimitMs)
        throw new Error(`${lockPath} has been there for ${lockLimitMs / 1000} s; remove it if no suite runs`);
    }
  }
}
