import type { QueuePreview } from "@mailbrake/contract";
import { Moment } from "../../ui/Moment.tsx";
import styles from "./ActCounts.module.css";
import { bytesInWords, messagesInWords } from "./queue-words.ts";

type Count = QueuePreview["counts"][number];

/** What each instance counted, before anything is touched. */
export function ActCounts({ preview }: { preview: QueuePreview }) {
  const incomplete = preview.counts.some(({ complete }) => !complete);
  return (
    <section className={`panel ${styles.counts}`} aria-label="What it takes">
      <div className={styles.sum} role="status">
        <span className={styles.number}>{messagesInWords(preview.messages)}</span>
        <span className="small dimmed">
          {incomplete ? "counted so far; not every queue was counted to its end" : "counted just now"}
        </span>
      </div>
      <ul className={styles.list}>
        {preview.counts.map((count) => (
          <li key={count.instanceId} className={styles.count} data-outcome={count.outcome}>
            <span className={styles.where}>
              <strong>{count.hostName}</strong> <code className="mono dimmed">{count.instance}</code>
            </span>
            <span className={styles.what}>
              <Outcome count={count} />
            </span>
            {count.detail !== "" && <span className={styles.detail}>{count.detail}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Outcome({ count }: { count: Count }) {
  switch (count.outcome) {
    case "counted":
      return (
        <>
          <strong>
            {count.complete ? "" : "at least "}
            {messagesInWords(count.messages)}
          </strong>
          {count.messages > 0 && `, ${bytesInWords(count.bytes)}`}
          {count.oldestAt !== null && (
            <span className="dimmed">
              , oldest from <Moment at={count.oldestAt} />
            </span>
          )}
        </>
      );
    case "refused":
      return <strong>Refused by the host</strong>;
    case "unreachable":
      return <strong>Host unreachable: not counted; done when it is back, within an hour</strong>;
  }
}
