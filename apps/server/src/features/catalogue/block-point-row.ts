/** A block point with all that the board shows of it; JSON columns are parsed here and nowhere else. */
import {
  applicationStateSchema,
  type BlockPointView,
  blockPointKindSchema,
  type Cell,
  cellSchema,
  effectSchema,
  entryPointRoleSchema,
  type HostLinkState,
  matchSchema,
} from "@mailbrake/contract";
import { doorState, matchInWords } from "@mailbrake/domain";
import type { Prisma } from "@mailbrake/prisma";
import { z } from "zod";

export const blockPointRowInclude = {
  host: true,
  instance: true,
  applications: { where: { endedAt: null }, include: { brake: true }, orderBy: [{ askedAt: "asc" }, { id: "asc" }] },
} as const satisfies Prisma.BlockPointInclude;

export type BlockPointRow = Prisma.BlockPointGetPayload<{ include: typeof blockPointRowInclude }>;

const storedListens = z.array(z.object({ address: z.string(), port: z.number().int() }));
const storedCells = z.array(cellSchema);
const storedMatch = z.array(matchSchema);
const wantedSchema = z.enum(["applied", "lifted"]);

/** What the driver can do at the point, as the agent told it. */
export function readCells(row: { cells: string }): Cell[] {
  return storedCells.parse(JSON.parse(row.cells));
}

export function toBlockPointView(row: BlockPointRow, link: HostLinkState): BlockPointView {
  const applications = row.applications.map((application) => ({
    state: applicationStateSchema.parse(application.state),
    wanted: wantedSchema.parse(application.wanted),
  }));
  return {
    id: row.id,
    hostId: row.hostId,
    hostName: row.host.name,
    hostLink: link,
    instanceId: row.instanceId,
    instance: row.instance.instance,
    mta: row.instance.mta,
    point: row.point,
    kind: blockPointKindSchema.parse(row.kind),
    label: row.label,
    role: entryPointRoleSchema.nullable().parse(row.role),
    listens: storedListens.parse(JSON.parse(row.listens)),
    cells: readCells(row),
    armed: row.instance.armed,
    door: doorState({ link, gone: row.goneAt !== null, applications }),
    active: row.applications.map(({ id, brake, effect, state, wanted }) => ({
      applicationId: id,
      brakeId: brake.id,
      ref: brake.ref,
      effect: effectSchema.parse(effect ?? brake.effect),
      match: matchInWords(storedMatch.parse(JSON.parse(brake.match))),
      state,
      wanted: wantedSchema.parse(wanted),
      expiresAt: brake.expiresAt?.toISOString() ?? null,
    })),
    seenAt: row.seenAt.toISOString(),
  };
}
