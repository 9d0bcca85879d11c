import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { queueActionPagesQuery } from "../../api/queue-queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { PagedPanel } from "../../ui/PagedPanel.tsx";
import { ViewLinks } from "../../ui/ViewLinks.tsx";
import { ActionRow } from "./ActionRow.tsx";

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
  return (
    <>
      <PageHeader title="Queue actions" above={<Link to="/queues">Queues</Link>} />
      <ViewLinks to="/queues/actions" label="Which queue actions" views={views} current={state} />
      <PagedPanel
        pages={pages}
        rows={pages.data?.pages.flatMap((page) => page.actions)}
        what="Queue actions"
        none={state === "running" ? "No queue action is running." : "No queue action yet."}
      >
        {(action) => <ActionRow key={action.id} action={action} heading="h2" />}
      </PagedPanel>
    </>
  );
}
