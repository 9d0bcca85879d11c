import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { queueActionPagesQuery } from "../../api/queue-queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import viewLinks from "../../ui/Views.module.css";
import { ActionRow } from "./ActionRow.tsx";
import styles from "./QueueActions.module.css";

const route = getRouteApi("/signed-in/queues/actions");
const views = [
  { state: undefined, label: "All" },
  { state: "running", label: "Running" },
  { state: "ended", label: "Ended" },
] as const;

/** Every queue action, newest first: what, where, who and why. */
export function QueueActionsPage() {
  const { state } = route.useSearch();
  const pages = useInfiniteQuery(queueActionPagesQuery({ state: state ?? "all" }));
  const actions = pages.data?.pages.flatMap((page) => page.actions);
  return (
    <>
      <PageHeader title="Queue actions" above={<Link to="/queues">Queues</Link>} />
      <nav className={viewLinks.views} aria-label="Which queue actions">
        {views.map((view) => (
          <Link
            key={view.label}
            to="/queues/actions"
            search={view.state === undefined ? {} : { state: view.state }}
            className={viewLinks.view}
            activeOptions={{ exact: true, includeSearch: true }}
            aria-current={state === view.state ? "page" : undefined}
          >
            {view.label}
          </Link>
        ))}
      </nav>
      {pages.isError && (
        <ErrorNotice error={pages.error} title="Queue actions: not refreshed" onRetry={() => void pages.refetch()} />
      )}
      {actions === undefined && pages.isPending && <p className="dimmed">Loading…</p>}
      {actions?.length === 0 && (
        <p className="dimmed">{state === "running" ? "No queue action is running." : "No queue action yet."}</p>
      )}
      {actions !== undefined && actions.length > 0 && (
        <div className={`panel ${styles.list}`}>
          {actions.map((action) => (
            <ActionRow key={action.id} action={action} heading="h2" />
          ))}
        </div>
      )}
      {pages.hasNextPage && (
        <Button variant="default" mt="md" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Show older ones
        </Button>
      )}
    </>
  );
}
