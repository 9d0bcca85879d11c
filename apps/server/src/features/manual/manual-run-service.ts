/**
 * Purpose: runs of manual mechanisms: a person follows steps at a door that no agent reaches, and says what was done.
 * Guarantees: one open run a mechanism; steps are a copy, so that history stays true; each thing said is committed with its audit event, refused
 *   attempts are in the trail too. Nothing here is evidence.
 * Fails: with an error of the catalogue, and nothing changed.
 */
import {
  type Actor,
  type GiveUpManualRunRequest,
  MailbrakeError,
  type ManualPart,
  type ManualRunView,
  manualPartSchema,
  type StartManualRunRequest,
} from "@mailbrake/contract";
import { confirmationWord, giveUpMustSayHow, isConfirmed, manualRunCan, type Permission } from "@mailbrake/domain";
import { newId } from "../../platform/new-id.ts";
import type { TransactionScope } from "../../platform/store.ts";
import type { ManualDeps } from "./manual-deps.ts";
import { manualRunEvent } from "./manual-events.ts";
import { refuseWhileOpen } from "./manual-refusals.ts";
import { type ManualRunRow, readMechanism, readRun } from "./manual-store.ts";
import { manualRunSummary, manualRunView, mechanismContent } from "./manual-view.ts";

export interface ManualRunService {
  /** @throws MailbrakeError not-found, conflict, needs-confirmation */
  start(actor: Actor, manualMechanismId: string, request: StartManualRunRequest): Promise<ManualRunView>;
  /** @throws MailbrakeError not-found */
  get(manualRunId: string): Promise<ManualRunView>;
  /** A step that is so already stays as it was said first. @throws MailbrakeError not-found, conflict */
  tick(actor: Actor, manualRunId: string, stepId: string, ticked: boolean): Promise<ManualRunView>;
  /** @throws MailbrakeError not-found, conflict */
  undo(actor: Actor, manualRunId: string, reason: string): Promise<ManualRunView>;
  /** @throws MailbrakeError not-found, conflict, bad-input */
  giveUp(actor: Actor, manualRunId: string, request: GiveUpManualRunRequest): Promise<ManualRunView>;
}

export function createManualRunService({ store, transactor, audit, clock }: ManualDeps): ManualRunService {
  const get = async (manualRunId: string) => manualRunView(await readRun(store, manualRunId));

  /** Runs a change of an open run; what is refused goes into the audit trail, in a transaction of its own. */
  async function change(
    actor: Actor,
    manualRunId: string,
    wanted: string,
    work: (scope: TransactionScope, run: ManualRunRow) => Promise<void>,
  ): Promise<ManualRunView> {
    try {
      await transactor.inTransaction(async (scope) => {
        const run = await readRun(scope.transaction, manualRunId);
        await work(scope, run);
        scope.publish({ kind: "manual", externalPointId: run.externalPointId });
      });
    } catch (error) {
      if (error instanceof MailbrakeError && error.code !== "not-found") {
        const run = await readRun(store, manualRunId);
        await recordRefusal(actor, run, wanted, error);
      }
      throw error;
    }
    return get(manualRunId);
  }

  async function recordRefusal(
    actor: Actor,
    run: Parameters<typeof manualRunEvent>[2],
    wanted: string,
    error: MailbrakeError,
  ): Promise<void> {
    await transactor.inTransaction(async (scope) => {
      const what = `wanted to ${wanted}, refused: ${error.message}`;
      await audit.append(scope, manualRunEvent("refused", actor, run, what, { code: error.code }));
    });
  }

  return {
    get,
    async start(actor, manualMechanismId, { reason, confirmation }) {
      const id = newId();
      const found = await readMechanism(store, manualMechanismId);
      try {
        await transactor.inTransaction(async (scope) => {
          const row = await readMechanism(scope.transaction, manualMechanismId);
          refuseWhileOpen(row.runs[0], "no other is started");
          const { applySteps, undoSteps, links: _, name: mechanismName, ...content } = mechanismContent(row);
          const word = confirmationWord(content.effect, content.losesMail);
          if (!isConfirmed(word, confirmation))
            throw new MailbrakeError("needs-confirmation", {
              field: "confirmation",
              detail: `Following these steps can lose mail. Type “${word}” to confirm.`,
            });
          const copies = (part: ManualPart, texts: string[]) =>
            texts.map((text, position) => ({ id: newId(), part, position, text }));
          await scope.transaction.manualRun.updateMany({
            where: { standingMechanismId: manualMechanismId },
            data: { standingMechanismId: null },
          });
          const run = await scope.transaction.manualRun.create({
            data: {
              id,
              externalPointId: row.externalPointId,
              manualMechanismId,
              standingMechanismId: manualMechanismId,
              pointName: row.externalPoint.name,
              mechanismName,
              ...content,
              reason,
              startedAt: clock(),
              startedById: actor.id,
              startedBy: actor.name,
              steps: { create: [...copies("apply", applySteps), ...copies("undo", undoSteps)] },
            },
          });
          const event = manualRunEvent(
            "started",
            actor,
            run,
            `began to put it on by hand (${content.effect}): ${reason}`,
            {
              reason,
              confirmed: word,
              effect: content.effect,
              applySteps,
              undoSteps,
            },
          );
          await audit.append(scope, event);
          scope.publish({ kind: "manual", externalPointId: row.externalPointId });
        });
      } catch (error) {
        if (error instanceof MailbrakeError && error.code !== "not-found") {
          const { externalPointId, name: mechanismName, externalPoint } = found;
          const run = { id: "none", externalPointId, manualMechanismId, mechanismName, pointName: externalPoint.name };
          await recordRefusal(actor, run, "begin a run", error);
        }
        throw error;
      }
      return get(id);
    },

    tick: (actor, manualRunId, stepId, ticked) =>
      change(actor, manualRunId, ticked ? "tick a step" : "untick a step", async (scope, run) => {
        const step = run.steps.find(({ id }) => id === stepId);
        if (step === undefined) throw new MailbrakeError("not-found", { detail: "There is no such step in this run." });
        if ((step.tickedAt !== null) === ticked) return;
        const part = manualPartSchema.parse(step.part);
        mustBe(manualRunCan.tick(manualRunSummary(run), part));
        const at = clock();
        const said = ticked ? { tickedAt: at, tickedBy: actor.name, tickedById: actor.id } : untickedColumns;
        await scope.transaction.manualStep.update({ where: { id: stepId }, data: said });
        const where = `step ${step.position + 1} of ${part === "apply" ? "applying" : "the undo"}`;
        await audit.append(
          scope,
          manualRunEvent(
            ticked ? "ticked" : "unticked",
            actor,
            run,
            `${ticked ? "ticked" : "unticked"} ${where}: ${step.text}`,
            {
              stepId,
              part,
              position: step.position,
            },
          ),
        );
        await settle(scope, actor, await readRun(scope.transaction, manualRunId), part, at);
      }),

    undo: (actor, manualRunId, reason) =>
      change(actor, manualRunId, "begin the undo", async (scope, run) => {
        mustBe(manualRunCan.undo(manualRunSummary(run)));
        await scope.transaction.manualRun.update({
          where: { id: manualRunId },
          data: { undoAskedAt: clock(), undoAskedBy: actor.name, undoReason: reason },
        });
        await audit.append(
          scope,
          manualRunEvent("undo-asked", actor, run, `began to undo it by hand: ${reason}`, { reason }),
        );
      }),

    giveUp: (actor, manualRunId, { reason, leftAs }) =>
      change(actor, manualRunId, "give the run up", async (scope, run) => {
        const summary = manualRunSummary(run);
        mustBe(manualRunCan.giveUp(summary));
        const ticked = `${summary.applyTicked} of ${summary.applyTotal} steps`;
        if (giveUpMustSayHow(summary) && leftAs === undefined)
          throw new MailbrakeError("bad-input", {
            field: "leftAs",
            detail: `${ticked} are ticked: undo them, or say how things are left.`,
          });
        if (!giveUpMustSayHow(summary) && leftAs !== undefined)
          throw new MailbrakeError("bad-input", {
            field: "leftAs",
            detail: "No step is ticked, so nothing is left: leave this out, or tick what was done.",
          });
        const leaving = leftAs === undefined ? { standingMechanismId: null } : { leftAs };
        await scope.transaction.manualRun.update({
          where: { id: manualRunId },
          data: { ...endedColumns(actor, clock()), endedHow: "given-up", giveUpReason: reason, ...leaving },
        });
        const left = leftAs === undefined ? "nothing was ticked" : `${ticked} were ticked, left as: ${leftAs}`;
        const event = manualRunEvent("given-up", actor, run, `gave it up: ${reason}; ${left}`, { reason, leftAs });
        await audit.append(scope, event);
      }),
  };

  /** After a tick: whether the run is now said to be on, no longer so, or said to be lifted. */
  async function settle(
    scope: TransactionScope,
    actor: Actor,
    run: ManualRunRow,
    part: ManualPart,
    at: Date,
  ): Promise<void> {
    const all = run.steps.filter((step) => step.part === part).every(({ tickedAt }) => tickedAt !== null);
    const update = (data: object) => scope.transaction.manualRun.update({ where: { id: run.id }, data });
    if (part === "undo") {
      if (!all) return;
      await update({ ...endedColumns(actor, at), endedHow: "said-lifted", standingMechanismId: null });
      await audit.append(
        scope,
        manualRunEvent("said-lifted", actor, run, "said that it is lifted: all undo steps are ticked"),
      );
    } else if (all) {
      await update({ saidOnAt: at, saidOnBy: actor.name });
      await audit.append(scope, manualRunEvent("said-on", actor, run, "said that it is on: all steps are ticked"));
    } else if (run.saidOnAt !== null) {
      await update({ saidOnAt: null, saidOnBy: null });
    }
  }
}

const untickedColumns = { tickedAt: null, tickedBy: null, tickedById: null };
const endedColumns = (actor: Actor, endedAt: Date) => ({ endedAt, endedBy: actor.name });

function mustBe(permission: Permission): void {
  if (!permission.allowed) throw new MailbrakeError("conflict", { detail: permission.why });
}
