import {
  type Actor,
  type BlockPointDetail,
  type BlockPointKind,
  type BlockPointView,
  type EntryPointRole,
  MailbrakeError,
  planStepSchema,
  type RunbookLink,
  runbookLinkSchema,
} from "@mailbrake/contract";
import type { Fleet } from "@mailbrake/fleet";
import { z } from "zod";
import type { AuditLog } from "../../platform/audit-log.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Store, Transactor } from "../../platform/store.ts";
import { type BlockPointRow, readCells, toBlockPointView } from "./block-point-row.ts";
import { catalogueEvents } from "./catalogue-events.ts";
import { findBlockPoint, findBlockPoints, findPlans, updateRole, updateRunbook } from "./catalogue-store.ts";
import type { MechanismPlanner } from "./mechanism-planner.ts";

export interface CatalogueService {
  /** The board, a page of it. */
  list(query: {
    hostId?: string | undefined;
    kind?: BlockPointKind | undefined;
    cursor?: string | undefined;
    pageSize: number;
  }): Promise<{ blockPoints: BlockPointView[]; nextCursor: string | null }>;
  /** @throws MailbrakeError not-found */
  get(blockPointId: string): Promise<BlockPointDetail>;
  /** @throws MailbrakeError not-found */
  changeRole(actor: Actor, blockPointId: string, role: EntryPointRole | null): Promise<BlockPointDetail>;
  /** @throws MailbrakeError not-found */
  changeRunbook(
    actor: Actor,
    blockPointId: string,
    runbook: { note: string; links: RunbookLink[] },
  ): Promise<BlockPointDetail>;
  /** Takes the manual commands anew from the agent. @throws MailbrakeError not-found, conflict, host-unreachable */
  replan(actor: Actor, blockPointId: string): Promise<BlockPointDetail>;
}

export interface CatalogueServiceOptions {
  store: Store;
  transactor: Transactor;
  audit: AuditLog;
  fleet: Pick<Fleet, "link">;
  planner: MechanismPlanner;
  clock: Clock;
}

const storedLinks = z.array(runbookLinkSchema);
const storedSteps = z.array(planStepSchema);

export function createCatalogueService(options: CatalogueServiceOptions): CatalogueService {
  const { store, transactor, audit, fleet, planner, clock } = options;
  const viewOf = (row: BlockPointRow) => toBlockPointView(row, fleet.link(row.hostId).state);

  async function get(blockPointId: string): Promise<BlockPointDetail> {
    const row = found(await findBlockPoint(store, blockPointId));
    const plans = new Map((await findPlans(store, blockPointId)).map((plan) => [plan.effect, plan]));
    return {
      ...viewOf(row),
      mechanisms: readCells(row).map((cell) => {
        const plan = plans.get(cell.effect);
        return {
          cell,
          steps: plan === undefined ? [] : storedSteps.parse(JSON.parse(plan.steps)),
          plannedAt: plan?.plannedAt.toISOString() ?? null,
          planError: plan?.error ?? null,
        };
      }),
      runbook: {
        note: row.runbookNote,
        links: readLinks(row),
        updatedAt: row.runbookUpdatedAt?.toISOString() ?? null,
        updatedBy: row.runbookUpdatedBy,
      },
    };
  }

  return {
    async list(query) {
      const rows = await findBlockPoints(store, { ...query, now: clock() });
      const page = rows.slice(0, query.pageSize);
      return {
        blockPoints: page.map(viewOf),
        nextCursor: rows.length > query.pageSize ? (page.at(-1)?.id ?? null) : null,
      };
    },
    get,
    async changeRole(actor, blockPointId, role) {
      await transactor.inTransaction(async (scope) => {
        const row = found(await findBlockPoint(scope.transaction, blockPointId));
        await updateRole(scope.transaction, blockPointId, role);
        await audit.append(scope, catalogueEvents.roleChanged(actor, row, row.role, role));
        scope.publish({ kind: "catalogue", hostId: row.hostId });
      });
      return get(blockPointId);
    },
    async changeRunbook(actor, blockPointId, { note, links }) {
      await transactor.inTransaction(async (scope) => {
        const row = found(await findBlockPoint(scope.transaction, blockPointId));
        const urls = (all: RunbookLink[]) => all.map(({ url }) => url);
        await updateRunbook(scope.transaction, blockPointId, {
          note,
          links,
          updatedAt: clock(),
          updatedBy: actor.name,
        });
        const before = { noteLength: row.runbookNote.length, links: urls(readLinks(row)) };
        const after = { noteLength: note.length, links: urls(links) };
        await audit.append(scope, catalogueEvents.runbookChanged(actor, row, before, after));
        scope.publish({ kind: "catalogue", hostId: row.hostId });
      });
      return get(blockPointId);
    },
    async replan(actor, blockPointId) {
      const row = found(await findBlockPoint(store, blockPointId));
      if (row.goneAt !== null) {
        throw new MailbrakeError("conflict", {
          detail: `${row.label} was not found on ${row.host.name} any more: there is nothing to plan`,
        });
      }
      await planner.replanPoint(row, row.host.name);
      await transactor.inTransaction(async (scope) => {
        await audit.append(scope, catalogueEvents.replanned(actor, row));
      });
      return get(blockPointId);
    },
  };
}

function readLinks(row: { runbookLinks: string }): RunbookLink[] {
  return storedLinks.parse(JSON.parse(row.runbookLinks));
}

function found(row: BlockPointRow | null): BlockPointRow {
  if (row === null) throw new MailbrakeError("not-found", { detail: "There is no such block point." });
  return row;
}
