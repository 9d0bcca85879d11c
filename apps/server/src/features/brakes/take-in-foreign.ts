/** Brakes made on a host by hand (or by another control plane) become brakes here, so that they are seen, audited and can be lifted. */
import type { EndedApplication, Match, ReportedApplication } from "@mailbrake/contract";
import { parseMatch } from "@mailbrake/domain";
import { newId } from "../../platform/new-id.ts";
import { newReference } from "../../platform/new-reference.ts";
import { type ApplicationRow, applicationRowInclude } from "./application-row.ts";
import { brakeEvent, hostActor } from "./brakes-events.ts";
import type { HostReport } from "./compare-report.ts";
import { addEvidence } from "./evidence-store.ts";
import type { TakeInStatusOptions } from "./take-in-status.ts";

/** Hosts whose report named something that can't be shown; said once, not at each look. */
const told = new Set<string>();
const once = (key: string) => {
  if (told.has(key)) return false;
  if (told.size > 10_000) told.clear();
  told.add(key);
  return true;
};

function readMatches(reported: ReportedApplication): Match[] | null {
  const read = reported.match.map((text) => parseMatch(text));
  return read.length > 0 && read.every((one) => one.ok) ? read.flatMap((one) => (one.ok ? [one.match] : [])) : null;
}

export async function takeInForeign(
  { hostId, deps, writer, onSettled }: TakeInStatusOptions,
  reported: ReportedApplication,
  report: HostReport,
): Promise<void> {
  const { store, audit, clock, log } = deps;
  const match = readMatches(reported);
  const point = await store.blockPoint.findFirst({
    where: { hostId, point: reported.point, instance: { instance: reported.instance } },
    include: { host: true },
  });
  const elsewhere = await store.application.findUnique({ where: { id: reported.app }, select: { hostId: true } });
  if (point === null || match === null || elsewhere !== null || !/^[A-Za-z0-9_-]{1,40}$/.test(reported.app)) {
    if (once(`${hostId} ${reported.app}`))
      log.warn(
        { hostId, reported },
        "a brake made on the host can't be taken in: its block point, match or id is not known here",
      );
    return;
  }
  const now = clock();
  const at = (epochSeconds: number) => new Date(now.getTime() - (report.hostTime - epochSeconds) * 1_000);
  const throttle = {
    ...(reported.connections > 0 ? { connectionsPerMinute: reported.connections } : {}),
    ...(reported.messages > 0 ? { messagesPerMinute: reported.messages } : {}),
    ...(reported.recipients > 0 ? { recipientsPerMinute: reported.recipients } : {}),
  };
  const actor = hostActor(point.host, reported.by);
  const brakeId = newId();
  const made: ApplicationRow[] = [];
  await writer.write(async (scope) => {
    const { transaction } = scope;
    const isTaken = async (ref: string) => (await transaction.brake.count({ where: { ref } })) > 0;
    const given = /^[A-Z0-9]{1,12}$/.test(reported.brake) && !(await isTaken(reported.brake));
    const brake = await transaction.brake.create({
      data: {
        id: brakeId,
        ref: given ? reported.brake : newReference(),
        effect: reported.effect,
        match: JSON.stringify(match),
        text: reported.text,
        throttle: Object.keys(throttle).length > 0 ? JSON.stringify(throttle) : null,
        cutSessions: reported.cut,
        reason: reported.reason,
        origin: reported.origin,
        createdAt: at(reported.since),
        createdById: `host:${hostId}`,
        createdBy: actor.name,
        expiresAt: reported.expires === 0 ? null : at(reported.expires),
        wanted: "applied",
        applications: {
          create: {
            id: reported.app,
            blockPointId: point.id,
            hostId,
            wanted: "applied",
            state: "applied",
            attempts: 1,
            askedAt: at(reported.since),
            sentAt: at(reported.since),
            answeredAt: now,
          },
        },
      },
    });
    await addEvidence(transaction, reported.app, {
      kind: "status",
      verdict: reported.intact ? "in-force" : "inconclusive",
      summary: "Made on the host; reported and read back by it.",
      takenAt: now,
      readback: reported.readback,
    });
    await audit.append(
      scope,
      brakeEvent("brake.made-on-host", actor, brake, {
        what: `made on the host ${point.host.name}${reported.reason === "" ? "" : `: ${reported.reason}`}`,
        data: { hostId, applicationId: reported.app, origin: reported.origin, since: reported.since },
      }),
    );
    scope.publish({ kind: "brake", brakeId });
    made.push(
      await transaction.application.findUniqueOrThrow({ where: { id: reported.app }, include: applicationRowInclude }),
    );
  });
  for (const row of made) onSettled(row, { outcome: "moved", before: "sent", after: "applied" });
}

/** Made and ended there while nobody looked: there is no brake to show any more, but the trail has it. */
export async function takeInForeignEnding(
  { hostId, deps, writer }: TakeInStatusOptions,
  ended: EndedApplication,
): Promise<void> {
  const target = `application:${ended.app}`.slice(0, 120);
  // One look at the table for each ended one, once in the life of this server.
  if (!once(`${hostId} ended ${ended.app}`)) return;
  const host = await deps.store.host.findUnique({ where: { id: hostId } });
  if (host === null) return;
  await writer.write(async (scope) => {
    const recorded = await scope.transaction.auditEvent.count({ where: { target } });
    if (recorded > 0) return;
    const at = new Date(ended.at * 1_000).toISOString();
    await deps.audit.append(scope, {
      actor: hostActor(host, ended.how === "expired" ? "" : ended.by),
      action: ended.how === "expired" ? "application.expired" : "application.lifted",
      target,
      summary: `${host.name}: a brake made on the host (${ended.brake || ended.app}) ${ended.how} at ${at}`.slice(
        0,
        1_000,
      ),
      data: { hostId, ended },
    });
  });
}
