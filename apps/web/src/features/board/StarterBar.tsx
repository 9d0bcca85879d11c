import type { BlockPointView } from "@mailbrake/contract";
import { useNavigate } from "@tanstack/react-router";
import { useId } from "react";
import { useWhyNotRole } from "../access/use-session.ts";
import styles from "./StarterBar.module.css";
import { type Starter, starterPoints, starters } from "./starters.ts";

/** The prepared brakes: one click opens the plan of it over every door that it is meant for. */
export function StarterBar({ points }: { points: readonly BlockPointView[] }) {
  return (
    <section className={styles.bar} aria-label="Prepared brakes">
      {starters.map((starter) => (
        <StarterCard key={starter.id} starter={starter} count={starterPoints(starter, points).length} />
      ))}
    </section>
  );
}

function StarterCard({ starter, count }: { starter: Starter; count: number }) {
  const whyId = useId();
  const navigate = useNavigate();
  const whyNotRole = useWhyNotRole("operator");
  const whyNot = whyNotRole ?? (count === 0 ? `There are no ${starter.meantFor} that can do this.` : null);
  const where = starter.effect === "pause" ? "delivery side" : "entry point";
  return (
    <div className={styles.card} data-unusable={whyNot === null ? undefined : true}>
      <button
        type="button"
        className={styles.label}
        aria-disabled={whyNot === null ? undefined : true}
        aria-describedby={whyId}
        onClick={() => {
          if (whyNot === null) void navigate({ to: "/brake", search: { start: starter.id, step: "plan" } });
        }}
      >
        {starter.label}
      </button>
      <span id={whyId} className={styles.meaning}>
        {whyNot ?? `${starter.meaning} ${count} ${where}${count === 1 ? "" : "s"}.`}
      </span>
    </div>
  );
}
