import { MailbrakeError } from "@mailbrake/contract";
import type { ManualRunRow } from "./manual-store.ts";

/** Names the open run that stands in the way. @throws MailbrakeError conflict */
export function refuseWhileOpen(run: ManualRunRow | undefined, what: string): void {
  if (run === undefined || run.endedAt !== null) return;
  const at = run.startedAt.toISOString().replace(/\.\d+Z$/, "Z");
  throw new MailbrakeError("conflict", {
    detail: `“${run.mechanismName}” has an open run that ${run.startedBy} started at ${at} (${run.reason}): ${what} until that is undone or given up.`,
  });
}
