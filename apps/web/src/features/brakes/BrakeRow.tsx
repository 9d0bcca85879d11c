import type { BrakeView } from "@mailbrake/contract";
import { matchInWords } from "@mailbrake/domain";
import { Link } from "@tanstack/react-router";
import { Countdown } from "../../ui/Countdown.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { useUnreachableHosts } from "../hosts/use-unreachable-hosts.ts";
import { BrakeActions } from "./BrakeActions.tsx";
import styles from "./BrakeRow.module.css";
import { standingOf } from "./brake-progress.ts";
import { effectWords } from "./effect-words.ts";
import { placesInWords } from "./places-in-words.ts";

/** One brake in a list: what, where, how it stands, how long yet, who and why; with its actions while it is active. */
export function BrakeRow({ brake, heading: Title = "h3" }: { brake: BrakeView; heading?: "h2" | "h3" }) {
  const standing = standingOf(brake, useUnreachableHosts());
  return (
    <article
      className={styles.row}
      data-tone={brake.ended ? "ended" : standing.tone}
      aria-label={`Brake ${brake.ref}: ${effectWords[brake.effect].name}, ${matchInWords(brake.match)}`}
    >
      <div className={styles.what}>
        <Title className={styles.title}>
          <Link to="/brakes/$brakeId" params={{ brakeId: brake.id }}>
            {effectWords[brake.effect].name} {matchInWords(brake.match)}
          </Link>
        </Title>
        <div className={styles.standing}>{standing.words}</div>
        <div className="small dimmed">at {placesInWords(brake.applications)}</div>
        <div className="small dimmed">
          {brake.ref} · {brake.createdBy}, <Moment at={brake.createdAt} /> · “{brake.reason}”
        </div>
      </div>
      <div className={styles.side}>
        {brake.ended ? (
          <span className="small dimmed">
            Ended {brake.endedAt !== null && <Moment at={brake.endedAt} />}
            {brake.liftedBy !== null && ` · lifted by ${brake.liftedBy}`}
          </span>
        ) : (
          <>
            <span className={styles.clock}>
              <Countdown expiresAt={brake.expiresAt} />
            </span>
            <div className={styles.actions}>
              <BrakeActions brake={brake} />
            </div>
          </>
        )}
      </div>
    </article>
  );
}
