import type { QueueActionName, QueueJobView } from "@mailbrake/contract";
import { Link } from "@tanstack/react-router";
import { elapsedInWords, timeOfDay } from "../../ui/format-time.ts";
import styles from "./JobCard.module.css";
import { jobInWords, jobTone, throughWith } from "./job-progress.ts";
import { countInWords } from "./queue-words.ts";

/** An action at one instance: how far its job has come, in the host's own counts. */
export function JobCard({ job, action }: { job: QueueJobView; action: QueueActionName }) {
  const told = job.startedAt !== null;
  const percent = job.total === 0 ? (job.endedAt === null ? 0 : 100) : (100 * throughWith(job)) / job.total;
  return (
    <section
      className={`panel ${styles.card}`}
      data-tone={jobTone(job)}
      aria-label={`${job.instance} on ${job.hostName}`}
    >
      <header className={styles.head}>
        <h2 className={styles.name}>
          {job.hostName}{" "}
          <Link to="/queues/$instanceId" params={{ instanceId: job.instanceId }} className="dimmed">
            {job.instance}
          </Link>
        </h2>
        <span className={styles.state}>{jobInWords(job)}</span>
      </header>
      {told && (
        <>
          <progress
            className={styles.bar}
            max={100}
            value={percent}
            aria-label={`Progress at ${job.hostName}: ${throughWith(job)} of ${job.total}`}
          />
          <dl className={styles.counts}>
            <Count name={action === "restore" ? "Restored" : "Done"} value={job.done} />
            <Count name="Had left" value={job.skipped} />
            <Count name="Failed" value={job.failed} bad />
            <Count name="Chosen" value={job.total} />
            {job.startedAt !== null && (
              <div>
                <dt>Started</dt>
                <dd>{timeOfDay(job.startedAt)}</dd>
              </div>
            )}
            {job.startedAt !== null && job.endedAt !== null && (
              <div>
                <dt>Took</dt>
                <dd>{elapsedInWords(Date.parse(job.endedAt) - Date.parse(job.startedAt))}</dd>
              </div>
            )}
          </dl>
        </>
      )}
      {job.detail !== "" && <p className={styles.detail}>{job.detail}</p>}
      {job.backup !== "" && (
        <p className="small dimmed" style={{ margin: 0 }}>
          Backup on the host: <code className="mono">{job.backup}</code>
        </p>
      )}
    </section>
  );
}

function Count({ name, value, bad = false }: { name: string; value: number; bad?: boolean }) {
  return (
    <div data-bad={(bad && value > 0) || undefined}>
      <dt>{name}</dt>
      <dd>{countInWords(value)}</dd>
    </div>
  );
}
