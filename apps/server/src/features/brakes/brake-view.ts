/** Brakes and applications as the browser sees them. */
import type { ApplicationView, BrakeView, Effect } from "@mailbrake/contract";
import { isInForce } from "@mailbrake/domain";
import type { Fleet } from "@mailbrake/fleet";
import type { Prisma } from "@mailbrake/prisma";
import { effectOf, readMatch, readThrottle } from "./application-row.ts";
import { evidenceView, shownEvidence } from "./evidence-store.ts";
import { provabilityOf } from "./take-probe.ts";

export const brakeViewInclude = {
  applications: {
    orderBy: [{ askedAt: "asc" }, { id: "asc" }],
    include: {
      host: true,
      blockPoint: { include: { instance: true } },
      evidence: { orderBy: [{ takenAt: "desc" }, { id: "desc" }], take: shownEvidence },
    },
  },
} as const satisfies Prisma.BrakeInclude;

export type BrakeWithEvidence = Prisma.BrakeGetPayload<{ include: typeof brakeViewInclude }>;
type ApplicationWithEvidence = BrakeWithEvidence["applications"][number];

const iso = (date: Date | null) => date?.toISOString() ?? null;

/** @param now for what the clock says and the host has not confirmed */
export function brakeView(brake: BrakeWithEvidence, fleet: Pick<Fleet, "link">, now: Date): BrakeView {
  return {
    id: brake.id,
    ref: brake.ref,
    effect: brake.effect as Effect,
    match: readMatch(brake.match),
    text: brake.text,
    throttle: readThrottle(brake.throttle),
    cutSessions: brake.cutSessions,
    reason: brake.reason,
    origin: brake.origin as BrakeView["origin"],
    createdAt: brake.createdAt.toISOString(),
    createdBy: brake.createdBy,
    expiresAt: iso(brake.expiresAt),
    wanted: brake.wanted as BrakeView["wanted"],
    ended: brake.endedAt !== null,
    liftedBy: brake.liftedBy,
    liftReason: brake.liftReason,
    endedAt: iso(brake.endedAt),
    applications: brake.applications.map((application) => applicationView(application, brake, fleet, now)),
  };
}

function applicationView(
  application: ApplicationWithEvidence,
  brake: BrakeWithEvidence,
  fleet: Pick<Fleet, "link">,
  now: Date,
): ApplicationView {
  const provability = provabilityOf({ ...application, brake }, fleet);
  const link = fleet.link(application.hostId);
  return {
    id: application.id,
    brakeId: application.brakeId,
    blockPointId: application.blockPointId,
    hostId: application.hostId,
    hostName: application.host.name,
    pointLabel: application.blockPoint.label,
    mta: application.blockPoint.instance.mta,
    effect: effectOf({ ...application, brake }),
    wanted: application.wanted as ApplicationView["wanted"],
    state: application.state as ApplicationView["state"],
    detail: detailInWords(application, brake, link, now),
    provable: provability.provable,
    provableWhy: provability.why,
    endedHow: application.endedHow as ApplicationView["endedHow"],
    releasedCount: application.releasedCount,
    attempts: application.attempts,
    nextAttemptAt:
      application.state === "unreachable" && link.nextAttemptAt !== null
        ? new Date(link.nextAttemptAt).toISOString()
        : iso(application.nextAttemptAt),
    askedAt: application.askedAt.toISOString(),
    sentAt: iso(application.sentAt),
    answeredAt: iso(application.answeredAt),
    provedAt: iso(application.provedAt),
    endedAt: iso(application.endedAt),
    evidence: application.evidence.map(evidenceView),
  };
}

function detailInWords(
  application: ApplicationWithEvidence,
  brake: BrakeWithEvidence,
  link: ReturnType<Fleet["link"]>,
  now: Date,
): string {
  const parts: string[] = [];
  const away = link.state !== "connected";
  if (application.endedAt === null) {
    const runOut = brake.expiresAt !== null && brake.expiresAt <= now && application.wanted === "applied";
    if (runOut)
      parts.push(
        away
          ? "Its time has run out by the clock; the host can't be reached and has not confirmed it."
          : "Its time has run out by the clock; the host is being asked.",
      );
    if (application.state === "unreachable") parts.push(`Trying to reach the host: ${link.detail}`);
    else if (away && application.state === "unknown")
      parts.push(`${application.detail} Trying to reach the host: ${link.detail}`);
    else if (away && isInForce(application.state as ApplicationView["state"]))
      parts.push(`The host can't be reached now; this was last seen before. ${link.detail}`);
    else if (application.detail !== "") parts.push(application.detail);
  } else if (application.detail !== "") parts.push(application.detail);
  return parts.join(" ");
}
