import type { ReactNode } from "react";
import styles from "./FollowStrip.module.css";
import { type FollowWindow, flows, followedSeconds, sparkPoints, totalOf } from "./follow-window.ts";
import { countInWords, messagesInWords, queueNameWords } from "./queue-words.ts";
import { type Followed, useFollow } from "./use-follow.ts";

/** The live line of one instance: counts now, how they went, and what went in and out. It follows as long as it stands on the screen. */
export function FollowStrip({ instanceId, compact = false }: { instanceId: string; compact?: boolean }) {
  const followed = useFollow(instanceId);
  const { window } = followed;
  return (
    <section className={styles.strip} data-compact={compact || undefined} aria-label="Queue counts, live">
      {window === null ? (
        <span className="small dimmed">
          {followed.state === "stopped" ? "No counts." : "Waiting for the first counts…"}
        </span>
      ) : (
        <>
          <div className={styles.total}>
            <span className={styles.number}>{countInWords(window.total)}</span>
            <span className={styles.unit}>{window.total === 1 ? "message" : "messages"}</span>
          </div>
          <Spark window={window} />
          <ul className={styles.queues} aria-label="By queue">
            {window.queues.map(({ queue, messages }) => (
              <li key={queue}>
                {queueNameWords[queue]} <strong>{countInWords(messages)}</strong>
              </li>
            ))}
          </ul>
          {!compact && <Flow window={window} />}
        </>
      )}
      <Standing followed={followed} />
    </section>
  );
}

function Spark({ window }: { window: FollowWindow }) {
  const values = window.ticks.map(totalOf);
  const words =
    window.grown === 0
      ? "unchanged"
      : `${window.grown > 0 ? "grown" : "shrunk"} by ${messagesInWords(Math.abs(window.grown))}`;
  return (
    <div className={styles.spark}>
      <svg viewBox="0 0 120 28" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        <polyline points={sparkPoints(values, 120, 26)} transform="translate(0 1)" vectorEffect="non-scaling-stroke" />
      </svg>
      <span className="tiny dimmed">
        {words}
        {window.seconds > 1 && `, last ${Math.min(window.seconds, followedSeconds)} s`}
      </span>
    </div>
  );
}

function Flow({ window }: { window: FollowWindow }): ReactNode {
  return (
    <dl className={styles.flow} aria-label={`In the last ${window.seconds} seconds`}>
      {flows.map((name) => (
        <div key={name} data-some={window.flow[name] > 0 || undefined}>
          <dt>{name}</dt>
          <dd>{countInWords(window.flow[name])}</dd>
        </div>
      ))}
    </dl>
  );
}

function Standing({ followed }: { followed: Followed }) {
  const { state, why, window } = followed;
  const words = {
    waiting: window === null ? "" : "Asking again…",
    following: "Live, each second",
    hidden: "Not followed while the page is hidden",
    stopped: `Following stopped: ${why} Tried again in 10 s.`,
  }[state];
  if (words === "") return null;
  return (
    <div className={styles.standing} data-state={state} role={state === "stopped" ? "status" : undefined}>
      <span className={styles.mark} aria-hidden="true" />
      {words}
    </div>
  );
}
