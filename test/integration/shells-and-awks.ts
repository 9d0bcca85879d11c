/** The agent on a host of the lab under each shell and awk that it promises to run under; the host has them all. */
import { expect } from "vitest";
import type { LabHost } from "../lab/index.ts";
import type { AgentOnHost, AgentSettings } from "./postfix-driver/agent-on-host.ts";

const shells = [["dash"], ["busybox", "ash"], ["ksh93"], ["mksh"], ["yash"], ["bash", "--posix"]];
const awks = [["mawk"], ["gawk", "--posix"], ["busybox", "awk"], ["original-awk"]];

export interface ShellAndAwk {
  shell: readonly string[];
  awk: readonly string[];
}

/** Each shell once and each awk at least once. */
export const shellsAndAwks: readonly ShellAndAwk[] = shells.map((shell, index) => ({
  shell,
  awk: awks[index % awks.length] ?? [],
}));

/** Three shells and three awks, none of them those of Debian, with which all other tests run: where each second of the lab counts. */
export const someOtherPairs = shellsAndAwks.slice(1, 4);

/** Once a host, before `settingsOf`: a folder for each awk, in which it is called awk. */
export async function putAwks(host: LabHost): Promise<void> {
  for (const [name = "", ...words] of awks)
    await host.shell(
      `mkdir -p /opt/${name} && printf '#!/bin/sh\\nexec ${name} ${words.join(" ")} "$@"\\n' >/opt/${name}/awk && chmod 755 /opt/${name}/awk`,
    );
}

/** How to start the agent under these. */
export function settingsOf({ shell, awk }: ShellAndAwk): AgentSettings {
  return { shell, awkFolder: `/opt/${awk[0]}` };
}

/** The agent runs under this shell, by its own word. */
export async function expectShell(agent: AgentOnHost, [program = ""]: readonly string[]): Promise<void> {
  const { final } = await agent.ask("hello");
  expect(final.shell).toMatch({ ksh93: /93u/, mksh: /MIRBSD/ }[program] ?? new RegExp(program));
}

/** So many brakes are in force, each of them intact and without drift. */
export async function expectIntact(agent: AgentOnHost, count: number): Promise<void> {
  const { parts } = await agent.ask("status");
  const active = parts.flatMap((part) => ("application" in part ? [part.application] : []));
  expect(active.map(({ intact, drift }) => ({ intact, drift }))).toEqual(
    Array(count).fill({ intact: true, drift: [] }),
  );
}
