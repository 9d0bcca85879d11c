import type { QueueActionView } from "@mailbrake/contract";
import { Link } from "@tanstack/react-router";
import { Moment } from "../../ui/Moment.tsx";
import { actionPlaces } from "./action-places.ts";
import { actionStanding } from "./job-progress.ts";
import styles from "./QueueActions.module.css";
import { actionInWords } from "./queue-words.ts";

/** One action in a list: what, how it stands, where, who and why. */
export function ActionRow({ action, heading: Title }: { action: QueueActionView; heading: "h2" | "h3" }) {
  const standing = actionStanding(action);
  return (
    <article className={styles.row} data-tone={action.ended && standing.tone === "settled" ? "ended" : standing.tone}>
      <Title className={styles.title}>
        <Link to="/queues/actions/$queueActionId" params={{ queueActionId: action.id }}>
          {actionInWords(action.action, action.selection)}
        </Link>
      </Title>
      <div className={styles.standing}>{standing.words}</div>
      <div className="small dimmed">at {actionPlaces(action.jobs)}</div>
      <div className="small dimmed">
        {action.ref} · {action.createdBy}, <Moment at={action.createdAt} /> · “{action.reason}”
      </div>
    </article>
  );
}
