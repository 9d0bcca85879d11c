import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queueActionPagesQuery } from "../../api/queue-queries.ts";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { ActionRow } from "./ActionRow.tsx";
import styles from "./QueueActions.module.css";

const recent = 5;

/** The newest actions, below the list of queues. */
export function RecentActions() {
  const pages = useInfiniteQuery(queueActionPagesQuery({}, recent));
  const actions = pages.data?.pages[0]?.actions;
  return (
    <section aria-labelledby="recent-actions" className={styles.recent}>
      <h2 id="recent-actions" className="section-title">
        Recent queue actions
      </h2>
      {pages.isError && <ErrorNotice error={pages.error} title="Queue actions: not refreshed" />}
      {actions === undefined && pages.isPending && <p className="dimmed small">Loading…</p>}
      {actions?.length === 0 && <p className="dimmed small">None yet.</p>}
      {actions !== undefined && actions.length > 0 && (
        <>
          <div className={`panel ${styles.list}`}>
            {actions.map((action) => (
              <ActionRow key={action.id} action={action} heading="h3" />
            ))}
          </div>
          <p className="small">
            <Link to="/queues/actions">All queue actions</Link>
          </p>
        </>
      )}
    </section>
  );
}
