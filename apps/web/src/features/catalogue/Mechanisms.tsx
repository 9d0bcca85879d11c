import { type BlockPointDetail, blockPointDetailSchema, type MechanismView } from "@mailbrake/contract";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { send } from "../../api/client.ts";
import { blockPointQuery } from "../../api/queries.ts";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { Moment } from "../../ui/Moment.tsx";
import panels from "../../ui/Panels.module.css";
import { PlanSteps } from "../../ui/PlanSteps.tsx";
import { useWhyNotRole } from "../access/use-session.ts";
import { effectWords } from "../brakes/effect-words.ts";
import styles from "./Mechanisms.module.css";

const replanTimeoutMs = 60_000;

/** Every way to block here; each with what the sender sees, and the commands to do it by hand, from the agent's own plan. */
export function Mechanisms({ point }: { point: BlockPointDetail }) {
  const queryClient = useQueryClient();
  const whyNotRole = useWhyNotRole("operator");
  const replan = useMutation({
    mutationFn: () =>
      send("POST", `/api/block-points/${point.id}/replan`, {}, blockPointDetailSchema, { timeoutMs: replanTimeoutMs }),
    onSuccess: (fresh) => queryClient.setQueryData(blockPointQuery(point.id).queryKey, fresh),
  });
  return (
    <section className={`${panels.panel} ${panels.rows}`} aria-labelledby="mechanisms">
      <header className={styles.head}>
        <h2 id="mechanisms" className={panels.title} style={{ margin: 0 }}>
          Ways to block here
        </h2>
        <GuardedButton
          size="xs"
          variant="default"
          whyNot={
            whyNotRole ??
            (point.hostLink === "connected"
              ? null
              : "The host is not connected; the commands below are the last known.")
          }
          loading={replan.isPending}
          onClick={() => replan.mutate()}
        >
          Refresh the commands
        </GuardedButton>
      </header>
      {replan.isError && <ErrorNotice error={replan.error} title="Not refreshed" />}
      {point.mechanisms.length === 0 && <p className={styles.none}>The agent knows none here.</p>}
      {point.mechanisms.map((mechanism) => (
        <Mechanism key={`${mechanism.cell.effect}:${mechanism.cell.matches.join()}`} mechanism={mechanism} />
      ))}
    </section>
  );
}

function Mechanism({ mechanism }: { mechanism: MechanismView }) {
  const { cell, steps, plannedAt, planError } = mechanism;
  const words = effectWords[cell.effect];
  return (
    <article className={styles.mechanism} aria-label={words.name}>
      <div className={styles.top}>
        <h3 className={styles.name}>{words.name}</h3>
        <span className={styles.risk} data-loses={cell.loses || undefined}>
          {cell.loses ? "Loses mail" : "No mail lost"}
        </span>
        <span className="small dimmed">by {cell.matches.join(", ")}</span>
      </div>
      {cell.reply !== "" && (
        <div className="small">
          <span className="dimmed">The sender sees</span> <code className={styles.reply}>{cell.reply}</code>
        </div>
      )}
      {cell.note !== undefined && cell.note !== "" && <div className="small dimmed">{cell.note}</div>}
      {planError !== null && <div className={styles.planError}>The agent gave no commands: {planError}</div>}
      {steps.length > 0 && (
        <details className={styles.byHand}>
          <summary>
            By hand ({steps.length} {steps.length === 1 ? "step" : "steps"}
            {plannedAt !== null && (
              <>
                , from the agent <Moment at={plannedAt} />
              </>
            )}
            )
          </summary>
          <PlanSteps steps={steps} />
        </details>
      )}
    </article>
  );
}
