/**
 * Purpose: what admins write down of doors that no agent reaches: the doors, and the mechanisms that people follow there.
 * Guarantees: a change and its audit event are committed together; a mechanism with an open run is neither changed nor removed.
 * Fails: with an error of the catalogue, and nothing changed.
 */
import {
  type Actor,
  type ExternalPointDetail,
  type ExternalPointRequest,
  type ExternalPointView,
  entryPointRoleSchema,
  MailbrakeError,
  type ManualMechanismRequest,
  type ManualRunView,
  manualLimits,
} from "@mailbrake/contract";
import { newId } from "../../platform/new-id.ts";
import type { StoreTransaction, TransactionScope } from "../../platform/store.ts";
import type { ManualDeps } from "./manual-deps.ts";
import { externalPointEvent, manualMechanismEvent } from "./manual-events.ts";
import { refuseWhileOpen } from "./manual-refusals.ts";
import {
  type ExternalPointRow,
  type ManualPage,
  readEndedRuns,
  readExternalPoint,
  readExternalPoints,
  readMechanism,
} from "./manual-store.ts";
import { externalPointDetail, externalPointView, manualRunView, mechanismContent } from "./manual-view.ts";

export interface ManualCatalogueService {
  list(page: ManualPage): Promise<{ externalPoints: ExternalPointView[]; nextCursor: string | null }>;
  /** @throws MailbrakeError not-found */
  get(externalPointId: string): Promise<ExternalPointDetail>;
  /** Runs that have ended there, newest first. @throws MailbrakeError not-found, bad-input */
  history(externalPointId: string, page: ManualPage): Promise<{ runs: ManualRunView[]; nextCursor: string | null }>;
  /** @throws MailbrakeError conflict */
  add(actor: Actor, request: ExternalPointRequest): Promise<ExternalPointDetail>;
  /** @throws MailbrakeError not-found, conflict */
  change(actor: Actor, externalPointId: string, request: ExternalPointRequest): Promise<ExternalPointDetail>;
  /** @throws MailbrakeError not-found, conflict */
  remove(actor: Actor, externalPointId: string, reason: string): Promise<void>;
  /** @throws MailbrakeError not-found, conflict */
  addMechanism(actor: Actor, externalPointId: string, request: ManualMechanismRequest): Promise<ExternalPointDetail>;
  /** @throws MailbrakeError not-found, conflict */
  changeMechanism(
    actor: Actor,
    manualMechanismId: string,
    request: ManualMechanismRequest,
  ): Promise<ExternalPointDetail>;
  /** @throws MailbrakeError not-found, conflict */
  removeMechanism(actor: Actor, manualMechanismId: string, reason: string): Promise<ExternalPointDetail>;
}

export function createManualCatalogueService({ store, transactor, audit, clock }: ManualDeps): ManualCatalogueService {
  const get = async (externalPointId: string) => externalPointDetail(await readExternalPoint(store, externalPointId));
  const tell = (scope: TransactionScope, externalPointId: string) => scope.publish({ kind: "manual", externalPointId });

  return {
    async list(page) {
      const { rows, nextCursor } = await readExternalPoints(store, page);
      return { externalPoints: rows.map(externalPointView), nextCursor };
    },
    get,
    async history(externalPointId, page) {
      await readExternalPoint(store, externalPointId);
      const { rows, nextCursor } = await readEndedRuns(store, externalPointId, page);
      return { runs: rows.map(manualRunView), nextCursor };
    },
    async add(actor, request) {
      const id = newId();
      await transactor.inTransaction(async (scope) => {
        const { transaction } = scope;
        if ((await transaction.externalPoint.count({ where: { removedAt: null } })) >= manualLimits.points)
          throw new MailbrakeError("conflict", {
            detail: `There are ${manualLimits.points} doors by hand, which is all there may be; remove one that is gone.`,
          });
        await refuseTakenDoorName(transaction, request.name, id);
        const at = clock();
        await transaction.externalPoint.create({
          data: { id, ...request, createdAt: at, createdBy: actor.name, updatedAt: at, updatedBy: actor.name },
        });
        await audit.append(scope, externalPointEvent("added", actor, { id, name: request.name }, { after: request }));
        tell(scope, id);
      });
      return get(id);
    },
    async change(actor, externalPointId, request) {
      await transactor.inTransaction(async (scope) => {
        const row = await readExternalPoint(scope.transaction, externalPointId);
        await refuseTakenDoorName(scope.transaction, request.name, externalPointId);
        await scope.transaction.externalPoint.update({
          where: { id: externalPointId },
          data: { ...request, updatedAt: clock(), updatedBy: actor.name },
        });
        const event = externalPointEvent("changed", actor, row, { before: contentOf(row), after: request });
        await audit.append(scope, event);
        tell(scope, externalPointId);
      });
      return get(externalPointId);
    },
    async remove(actor, externalPointId, reason) {
      await transactor.inTransaction(async (scope) => {
        const row = await readExternalPoint(scope.transaction, externalPointId);
        for (const { runs } of row.mechanisms) refuseWhileOpen(runs[0], "this door can't be removed");
        await scope.transaction.externalPoint.update({ where: { id: externalPointId }, data: { removedAt: clock() } });
        await audit.append(scope, externalPointEvent("removed", actor, row, { before: contentOf(row), reason }));
        tell(scope, externalPointId);
      });
    },
    async addMechanism(actor, externalPointId, request) {
      await transactor.inTransaction(async (scope) => {
        const externalPoint = await readExternalPoint(scope.transaction, externalPointId);
        if (externalPoint.mechanisms.length >= manualLimits.mechanisms)
          throw new MailbrakeError("conflict", {
            detail: `${externalPoint.name} has ${manualLimits.mechanisms} mechanisms, which is all it may have; remove one.`,
          });
        refuseTakenMechanismName(externalPoint, request.name);
        const id = newId();
        const at = clock();
        await scope.transaction.manualMechanism.create({
          data: { id, externalPointId, ...columns(request), createdAt: at, updatedAt: at, updatedBy: actor.name },
        });
        const placed = { id, name: request.name, externalPoint };
        await audit.append(scope, manualMechanismEvent("added", actor, placed, { after: request }));
        tell(scope, externalPointId);
      });
      return get(externalPointId);
    },
    async changeMechanism(actor, manualMechanismId, request) {
      const externalPointId = await transactor.inTransaction(async (scope) => {
        const row = await readMechanism(scope.transaction, manualMechanismId);
        refuseWhileOpen(row.runs[0], "these steps can't be changed");
        refuseTakenMechanismName(
          await readExternalPoint(scope.transaction, row.externalPointId),
          request.name,
          manualMechanismId,
        );
        await scope.transaction.manualMechanism.update({
          where: { id: manualMechanismId },
          data: { ...columns(request), updatedAt: clock(), updatedBy: actor.name },
        });
        const changes = { before: mechanismContent(row), after: request };
        await audit.append(scope, manualMechanismEvent("changed", actor, row, changes));
        tell(scope, row.externalPointId);
        return row.externalPointId;
      });
      return get(externalPointId);
    },
    async removeMechanism(actor, manualMechanismId, reason) {
      const externalPointId = await transactor.inTransaction(async (scope) => {
        const row = await readMechanism(scope.transaction, manualMechanismId);
        refuseWhileOpen(row.runs[0], "these steps can't be removed");
        await scope.transaction.manualMechanism.update({
          where: { id: manualMechanismId },
          data: { removedAt: clock() },
        });
        const changes = { before: mechanismContent(row), reason };
        await audit.append(scope, manualMechanismEvent("removed", actor, row, changes));
        tell(scope, row.externalPointId);
        return row.externalPointId;
      });
      return get(externalPointId);
    },
  };
}

const contentOf = ({ name, role, note }: ExternalPointRow): ExternalPointRequest => ({
  name,
  role: role === null ? null : entryPointRoleSchema.parse(role),
  note,
});

const columns = ({ applySteps, undoSteps, links, ...rest }: ManualMechanismRequest) => ({
  ...rest,
  applySteps: JSON.stringify(applySteps),
  undoSteps: JSON.stringify(undoSteps),
  links: JSON.stringify(links),
});

const takenName = (name: string, what: string) =>
  new MailbrakeError("conflict", { field: "name", detail: `There is ${what} “${name}” already; choose another name.` });

async function refuseTakenDoorName(transaction: StoreTransaction, name: string, ownId: string): Promise<void> {
  const taken = await transaction.externalPoint.count({ where: { removedAt: null, name, id: { not: ownId } } });
  if (taken > 0) throw takenName(name, "a door by hand");
}

function refuseTakenMechanismName({ mechanisms }: ExternalPointRow, name: string, ownId?: string): void {
  if (mechanisms.some((other) => other.name === name && other.id !== ownId)) throw takenName(name, "a mechanism here");
}
