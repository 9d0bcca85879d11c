import type { ManualRunView } from "@mailbrake/contract";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { manualRunPagesQuery } from "../../api/manual-queries.ts";
import { Moment } from "../../ui/Moment.tsx";
import { PagedPanel } from "../../ui/PagedPanel.tsx";
import { Checklist } from "./Checklist.tsx";
import styles from "./RunHistory.module.css";
import { RunState } from "./RunState.tsx";

/** Runs that have ended at a door, newest first, each with who ticked what and when. */
export function RunHistory({ externalPointId }: { externalPointId: string }) {
  const pages = useInfiniteQuery(manualRunPagesQuery(externalPointId));
  return (
    <section aria-labelledby="history">
      <h2 id="history" className="section-title" style={{ margin: "10px 0 8px" }}>
        Ended runs here
      </h2>
      <PagedPanel pages={pages} rows={pages.data?.pages.flatMap((page) => page.runs)} what="History" none="None yet.">
        {(run) => <EndedRun key={run.id} run={run} />}
      </PagedPanel>
      <p className="small">
        <Link to="/audit" search={{ target: `external-point:${externalPointId}` }}>
          All about this door in the audit trail
        </Link>
      </p>
    </section>
  );
}

function EndedRun({ run }: { run: ManualRunView }) {
  return (
    <details className={styles.run}>
      <summary className={styles.summary}>
        <span className={styles.name}>{run.mechanismName}</span>
        <RunState run={run} />
        <span className="small dimmed">{run.reason}</span>
      </summary>
      <div className={styles.more}>
        <p className={styles.line}>
          Started by {run.startedBy}, <Moment at={run.startedAt} />: {run.reason}
        </p>
        <Checklist label="Steps to apply" steps={run.applySteps} />
        {run.undoAskedAt !== null && (
          <>
            <p className={styles.line}>
              Undo begun by {run.undoAskedBy}, <Moment at={run.undoAskedAt} />: {run.undoReason}
            </p>
            <Checklist label="Steps to undo" steps={run.undoSteps} />
          </>
        )}
        {run.giveUpReason !== null && run.endedAt !== null && (
          <p className={styles.line}>
            Given up by {run.endedBy}, <Moment at={run.endedAt} />: {run.giveUpReason}
            {run.leftAs !== null && `. Left as: ${run.leftAs}`}
          </p>
        )}
      </div>
    </details>
  );
}
