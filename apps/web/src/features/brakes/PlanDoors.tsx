import type { Effect, PlanView, PointPlan } from "@mailbrake/contract";
import { Notice } from "../../ui/Notice.tsx";
import { PlanSteps } from "../../ui/PlanSteps.tsx";
import { effectWords } from "./effect-words.ts";
import styles from "./PlanDoors.module.css";

/** The plan of a brake with this effect: what to know first (loss, doors left open), then each door with its mechanism and its exact commands. */
export function PlanDoors({ plan, effect }: { plan: PlanView; effect: Effect }) {
  const refused = plan.plans.filter(({ outcome }) => outcome === "refused").length;
  return (
    <>
      {plan.losesMail && (
        <Notice tone="bad">
          <strong>This can lose mail.</strong>
          <span>What is lost can't be brought back, and nobody is told.</span>
        </Notice>
      )}
      {refused > 0 && (
        <Notice tone="warn">
          <strong>
            {refused === plan.plans.length
              ? "No host can do this."
              : `${refused} of ${plan.plans.length} can't do this.`}
          </strong>
          <span>The reason stands at each. Change the brake, or go back and take them out.</span>
        </Notice>
      )}
      {plan.uncovered.length > 0 && (
        <Notice tone="warn">
          <strong>Mail still gets in here:</strong>
          <ul className={styles.open}>
            {plan.uncovered.map((door) => (
              <li key={door}>{door}</li>
            ))}
          </ul>
        </Notice>
      )}
      <div className={`panel ${styles.doors}`}>
        {plan.plans.map((door) => (
          <PlanDoor key={door.blockPointId} door={door} effect={effect} />
        ))}
      </div>
    </>
  );
}

const outcomeWords = {
  planned: "Ready",
  refused: "Can't be done",
  unreachable: "Host unreachable: applied when it is back",
} as const;

function PlanDoor({ door, effect }: { door: PointPlan; effect: Effect }) {
  return (
    <section className={styles.door} aria-label={`Plan for ${door.label} on ${door.hostName}`}>
      <header className={styles.head}>
        <h2 className={styles.name}>
          {door.hostName} <span className="dimmed">{door.label}</span>
        </h2>
        <span className={styles.outcome} data-outcome={door.outcome}>
          {outcomeWords[door.outcome]}
        </span>
      </header>
      <div className={door.effect === effect ? "small" : `small ${styles.other}`}>
        {effectWords[door.effect].name} by {door.mta}
        {door.effect !== effect &&
          `, instead of ${effectWords[effect].name.toLowerCase()}. ${effectWords[door.effect].meaning}`}
      </div>
      {door.detail !== "" && <div className="small">{door.detail}</div>}
      {door.reply !== "" && (
        <div className={styles.reply}>
          <span className="small dimmed">The sender sees</span> <code className="mono">{door.reply}</code>
        </div>
      )}
      {door.loses && <div className={styles.bad}>Mail can be lost here.</div>}
      {door.cutsSessions && <div className="small">Sessions that are open now are cut.</div>}
      {door.opens.length > 0 && (
        <div className={styles.warn}>
          <strong>Left open by it:</strong>
          <ul className={styles.open}>
            {door.opens.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </div>
      )}
      {door.notes.map((words) => (
        <div key={words} className="small dimmed">
          {words}
        </div>
      ))}
      {door.steps.length > 0 && (
        <details className={styles.steps}>
          <summary>Exact commands and changes ({door.steps.length})</summary>
          <PlanSteps steps={door.steps} />
        </details>
      )}
    </section>
  );
}
