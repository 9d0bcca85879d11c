/**
 * Purpose: what a person asks of brakes: new, lift, extend, retry.
 * Guarantees: the order and its intent in the audit trail are committed together before any host is touched; a refused attempt is in the trail too.
 * Fails: with an error of the catalogue, and nothing changed. Killed after the commit: the executor finds the order at the next start.
 */
import {
  type Actor,
  type ApplicationState,
  type BrakeListQuery,
  type BrakeView,
  type CreateBrakeRequest,
  type ExtendBrakeRequest,
  type LiftBrakeRequest,
  MailbrakeError,
} from "@mailbrake/contract";
import { applicationCan, brakeCan, effectAt, isConfirmed, nextState, type Permission } from "@mailbrake/domain";
import { newId } from "../../platform/new-id.ts";
import { newReference } from "../../platform/new-reference.ts";
import type { TransactionScope } from "../../platform/store.ts";
import { type ApplicationRow, applicationRowInclude, placeInWords } from "./application-row.ts";
import { readBrake, readBrakes, readChosenPoints } from "./brake-store.ts";
import { brakeView } from "./brake-view.ts";
import type { BrakesDeps } from "./brakes-deps.ts";
import { applicationEvent, brakeEvent, refusedOrderEvent } from "./brakes-events.ts";
import { neverAppliedSettlement } from "./order-outcome.ts";
import { cellRefusal, checkOrderForm, laneRefusal, lossOf } from "./order-rules.ts";
import { settleApplication } from "./settle-application.ts";

export interface BrakeService {
  create(actor: Actor, request: CreateBrakeRequest): Promise<BrakeView>;
  read(brakeId: string): Promise<BrakeView>;
  list(query: BrakeListQuery): Promise<{ brakes: BrakeView[]; nextCursor: string | null }>;
  lift(actor: Actor, brakeId: string, request: LiftBrakeRequest): Promise<BrakeView>;
  extend(actor: Actor, brakeId: string, request: ExtendBrakeRequest): Promise<BrakeView>;
  retry(actor: Actor, applicationId: string): Promise<BrakeView>;
}

export interface BrakeServiceOptions {
  deps: BrakesDeps;
  /** Told of orders after their commit. */
  nudge: (orders: readonly ApplicationRow[]) => void;
}

export function createBrakeService({ deps, nudge }: BrakeServiceOptions): BrakeService {
  const { store, transactor, audit, fleet, clock, protectedLane } = deps;
  const step = deps.onStep ?? (() => {});
  const isConnected = (hostId: string) => fleet.link(hostId).state === "connected";
  const view = async (brakeId: string) => brakeView(await readBrake(store, brakeId), fleet, clock());

  const refuse = async (actor: Actor, error: MailbrakeError, data: unknown): Promise<never> => {
    await transactor.inTransaction(async (scope) => {
      await audit.append(
        scope,
        refusedOrderEvent(actor, error.detail ?? error.message, { code: error.code, ...(data as object) }),
      );
    });
    throw error;
  };
  const mustBe = async (permission: Permission, actor: Actor, data: object): Promise<void> => {
    if (!permission.allowed) await refuse(actor, new MailbrakeError("conflict", { detail: permission.why }), data);
  };

  /** A new order for an application: counts up, so that answers to the one before are known as such. */
  const reorder = async (scope: TransactionScope, row: ApplicationRow, wanted: "applied" | "lifted") => {
    const mayGoOut = row.attempts === 0 && isConnected(row.hostId);
    return scope.transaction.application.update({
      where: { id: row.id },
      data: {
        wanted,
        state: nextState(row.state as ApplicationState, "ordered"),
        detail: "",
        orderNumber: { increment: 1 },
        askedAt: clock(),
        nextAttemptAt: null,
        ...(mayGoOut ? { attempts: 1 } : {}),
      },
      include: applicationRowInclude,
    });
  };

  return {
    async create(actor, request) {
      const match = checkOrderForm(request);
      const points = await readChosenPoints(store, request.blockPointIds);
      const { effect, blockPointIds, otherEffects, reason } = request;
      const order = { effect, match, blockPointIds, ...(otherEffects?.length ? { otherEffects } : {}), reason };
      const lane = laneRefusal(match, points, protectedLane, fleet);
      if (lane !== null) await refuse(actor, new MailbrakeError(lane.code, lane), order);
      for (const [index, point] of points.entries()) {
        const why = cellRefusal(request, match, point);
        if (why === null) continue;
        const detail = `${point.label} on ${point.host.name}: ${why}`;
        await refuse(actor, new MailbrakeError("bad-input", { field: `blockPointIds.${index}`, detail }), order);
      }
      const loss = lossOf(request, points);
      if (!isConfirmed(loss.confirmationWord, request.confirmation)) {
        const detail = `This can lose mail. Type “${loss.confirmationWord}” to confirm.`;
        await refuse(actor, new MailbrakeError("needs-confirmation", { field: "confirmation", detail }), order);
      }
      const now = clock();
      const expiresAt =
        request.expiresInSeconds === null ? null : new Date(now.getTime() + request.expiresInSeconds * 1_000);
      const brakeId = newId();
      const orders = await transactor.inTransaction(async (scope) => {
        const brake = await scope.transaction.brake.create({
          data: {
            id: brakeId,
            ref: newReference(),
            effect: request.effect,
            match: JSON.stringify(match),
            text: request.text,
            throttle: request.throttle === undefined ? null : JSON.stringify(request.throttle),
            cutSessions: request.cutSessions ?? false,
            reason: request.reason,
            createdAt: now,
            createdById: actor.id,
            createdBy: actor.name,
            expiresAt,
            wanted: "applied",
          },
        });
        const rows = points.map((point) => ({
          id: newId(),
          brakeId,
          blockPointId: point.id,
          hostId: point.hostId,
          effect: effectAt(request, point.id) === effect ? null : effectAt(request, point.id),
          wanted: "applied",
          state: "asked",
          // Written ahead: from here on the line may have gone out.
          attempts: isConnected(point.hostId) ? 1 : 0,
          askedAt: now,
        }));
        await scope.transaction.application.createMany({ data: rows });
        await audit.append(
          scope,
          brakeEvent("brake.asked", actor, brake, {
            what: `asked at ${points.map(placeOf).join("; ").slice(0, 600)}: ${request.reason}`,
            data: {
              ...order,
              text: request.text,
              throttle: request.throttle,
              cutSessions: request.cutSessions ?? false,
              expiresAt,
              confirmed: loss.confirmationWord,
            },
          }),
        );
        scope.publish({ kind: "brake", brakeId });
        return rows.map((row, index): ApplicationRow => {
          const point = points[index];
          if (point === undefined) throw new Error("as many rows as points");
          const { host, ...blockPoint } = point;
          return { ...emptyOrder, ...row, brake, host, blockPoint };
        });
      });
      step("recorded");
      nudge(orders);
      return view(brakeId);
    },

    read: view,

    async list(query) {
      const { brakes, nextCursor } = await readBrakes(store, query);
      return { brakes: brakes.map((brake) => brakeView(brake, fleet, clock())), nextCursor };
    },

    async lift(actor, brakeId, request) {
      const present = await view(brakeId);
      await mustBe(brakeCan.lift(present), actor, { brakeId });
      const orders = await transactor.inTransaction(async (scope) => {
        const { count } = await scope.transaction.brake.updateMany({
          where: { id: brakeId, wanted: "applied", endedAt: null },
          data: { wanted: "lifted", liftedBy: actor.name, liftReason: request.reason, liftedAt: clock() },
        });
        if (count === 0) return null;
        const rows = await scope.transaction.application.findMany({
          where: { brakeId, endedAt: null },
          include: applicationRowInclude,
          orderBy: { id: "asc" },
        });
        const first = rows[0];
        if (first === undefined) return null;
        await audit.append(
          scope,
          brakeEvent("brake.lift-asked", actor, first.brake, {
            what: `lift asked: ${request.reason}`,
            data: { reason: request.reason },
          }),
        );
        const toSend: ApplicationRow[] = [];
        for (const row of rows) {
          const ordered = await reorder(scope, { ...row, attempts: Math.max(1, row.attempts) }, "lifted");
          // `attempts` is written before a line can go out, so 0 means that the host has surely never seen it.
          if (row.attempts > 0) toSend.push(ordered);
          else
            await settleApplication(
              scope,
              audit,
              ordered,
              neverAppliedSettlement(ordered, clock(), "lifted before it was sent"),
            );
        }
        scope.publish({ kind: "brake", brakeId });
        return toSend;
      });
      if (orders === null)
        throw new MailbrakeError("conflict", { detail: "This brake was lifted or has ended meanwhile; reload." });
      step("recorded");
      nudge(orders);
      return view(brakeId);
    },

    async extend(actor, brakeId, request) {
      const now = clock();
      await mustBe(brakeCan.extend(await view(brakeId), now.getTime()), actor, { brakeId });
      const expiresAt =
        request.expiresInSeconds === null ? null : new Date(now.getTime() + request.expiresInSeconds * 1_000);
      const orders = await transactor.inTransaction(async (scope) => {
        const { count } = await scope.transaction.brake.updateMany({
          where: { id: brakeId, wanted: "applied", endedAt: null },
          data: { expiresAt },
        });
        if (count === 0) return null;
        const rows = await scope.transaction.application.findMany({
          where: { brakeId, endedAt: null },
          include: applicationRowInclude,
          orderBy: { id: "asc" },
        });
        const first = rows[0];
        if (first === undefined) return null;
        const until = expiresAt === null ? "until lifted" : `until ${expiresAt.toISOString()}`;
        await audit.append(
          scope,
          brakeEvent("brake.extended", actor, first.brake, {
            what: `${until}: ${request.reason}`,
            data: { reason: request.reason, expiresAt },
          }),
        );
        const ordered: ApplicationRow[] = [];
        for (const row of rows) ordered.push(await reorder(scope, row, "applied"));
        scope.publish({ kind: "brake", brakeId });
        return ordered;
      });
      if (orders === null)
        throw new MailbrakeError("conflict", { detail: "This brake was lifted or has ended meanwhile; reload." });
      step("recorded");
      nudge(orders);
      return view(brakeId);
    },

    async retry(actor, applicationId) {
      const present = await store.application.findUnique({
        where: { id: applicationId },
        include: applicationRowInclude,
      });
      if (present === null) throw new MailbrakeError("not-found", { detail: "There is no such application." });
      await mustBe(
        applicationCan.retry({
          state: present.state as ApplicationState,
          endedAt: present.endedAt?.toISOString() ?? null,
        }),
        actor,
        { applicationId },
      );
      const ordered = await transactor.inTransaction(async (scope) => {
        const row = await scope.transaction.application.findUnique({
          where: { id: applicationId, state: "refused", endedAt: null },
          include: applicationRowInclude,
        });
        if (row === null) return null;
        await audit.append(
          scope,
          applicationEvent("application.retried", row, { what: `asked again after: ${row.detail}`, actor }),
        );
        scope.publish({ kind: "brake", brakeId: row.brakeId });
        return reorder(scope, row, row.wanted === "lifted" ? "lifted" : "applied");
      });
      if (ordered === null) throw new MailbrakeError("conflict", { detail: "This is no longer refused; reload." });
      step("recorded");
      nudge([ordered]);
      return view(ordered.brakeId);
    },
  };
}

const placeOf = (point: { label: string; host: { name: string } }) =>
  placeInWords({ host: point.host, blockPoint: { label: point.label } });

/** What the database gives an application that has just been made. */
const emptyOrder = {
  detail: "",
  orderNumber: 1,
  nextAttemptAt: null,
  sentAt: null,
  answeredAt: null,
  provedAt: null,
  endedAt: null,
  endedHow: null,
  releasedCount: null,
} as const;
