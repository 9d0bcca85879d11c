import type { ManualRunView, ManualStepView } from "@mailbrake/contract";
import { manualRunCan } from "@mailbrake/domain";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { Moment } from "../../ui/Moment.tsx";
import panels from "../../ui/Panels.module.css";
import { useWhyNotRole } from "../access/use-session.ts";
import { Checklist } from "./Checklist.tsx";
import { GiveUpRunDialog, UndoRunDialog } from "./RunDialogs.tsx";
import { RunState } from "./RunState.tsx";
import { useRunChange } from "./use-run-change.ts";

const whyNotOf = (permission: { allowed: true } | { allowed: false; why: string }) =>
  permission.allowed ? null : permission.why;

/** A run that is open: its steps to tick, what was said so far, and the ways on. */
export function OpenRun({ externalPointId, run }: { externalPointId: string; run: ManualRunView }) {
  const whyNotRole = useWhyNotRole("operator");
  const change = useRunChange(externalPointId);
  const [asking, setAsking] = useState<"undo" | "give-up" | null>(null);
  const [lastStep, setLastStep] = useState<ManualStepView | null>(null);
  const sendTick = ({ step, ticked }: { step: ManualStepView; ticked: boolean }) =>
    change("PUT", `/api/manual-runs/${run.id}/steps/${step.id}`, { ticked });
  const tick = useMutation({ mutationFn: sendTick });
  const sendingId = tick.isPending ? tick.variables.step.id : undefined;
  const undoing = run.state === "undoing";
  const mayTick = whyNotRole === null;
  return (
    <div className={panels.stack} style={{ marginTop: 8 }}>
      <div>
        <RunState run={run} />
        <p className="small" style={{ margin: "6px 0 0" }}>
          Started by {run.startedBy}, <Moment at={run.startedAt} />: {run.reason}
        </p>
        {run.undoReason !== null && run.undoAskedAt !== null && (
          <p className="small" style={{ margin: "2px 0 0" }}>
            Undo begun by {run.undoAskedBy}, <Moment at={run.undoAskedAt} />: {run.undoReason}
          </p>
        )}
        <p className="tiny dimmed" style={{ margin: "2px 0 0" }}>
          People say this; no host was asked. Look at the door itself to be sure. {whyNotRole}
        </p>
      </div>
      {tick.isError && <ErrorNotice error={tick.error} title="The tick was not recorded" />}
      {undoing && (
        <>
          <h4 className="section-title" style={{ margin: 0 }}>
            Undo: {run.undoTicked} of {run.undoTotal} ticked
          </h4>
          <Checklist
            label="Steps to undo"
            steps={run.undoSteps}
            sendingId={sendingId}
            onTick={
              mayTick
                ? (step, ticked) => {
                    if (ticked && run.undoTicked === run.undoTotal - 1) setLastStep(step);
                    else tick.mutate({ step, ticked });
                  }
                : undefined
            }
          />
        </>
      )}
      <h4 className="section-title" style={{ margin: 0 }}>
        Apply: {run.applyTicked} of {run.applyTotal} ticked
      </h4>
      <Checklist
        label="Steps to apply"
        steps={run.applySteps}
        sendingId={sendingId}
        onTick={mayTick && !undoing ? (step, ticked) => tick.mutate({ step, ticked }) : undefined}
      />
      <div className={panels.actions}>
        {!undoing && (
          <GuardedButton
            size="md"
            whyNot={whyNotRole ?? whyNotOf(manualRunCan.undo(run))}
            onClick={() => setAsking("undo")}
          >
            Undo…
          </GuardedButton>
        )}
        <GuardedButton
          size="md"
          variant="default"
          whyNot={whyNotRole ?? whyNotOf(manualRunCan.giveUp(run))}
          onClick={() => setAsking("give-up")}
        >
          Give up…
        </GuardedButton>
      </div>
      <UndoRunDialog
        externalPointId={externalPointId}
        run={run}
        opened={asking === "undo"}
        onClose={() => setAsking(null)}
      />
      <GiveUpRunDialog
        externalPointId={externalPointId}
        run={run}
        opened={asking === "give-up"}
        onClose={() => setAsking(null)}
      />
      <ConfirmDialog
        opened={lastStep !== null}
        onClose={() => setLastStep(null)}
        title="Say that it is lifted?"
        confirmLabel="It is lifted"
        onConfirm={async () => {
          if (lastStep !== null) await sendTick({ step: lastStep, ticked: true });
        }}
      >
        <div className="small">
          This was the last step to undo: {lastStep?.text}. The run ends with it, and can't be changed any more.
        </div>
      </ConfirmDialog>
    </div>
  );
}
