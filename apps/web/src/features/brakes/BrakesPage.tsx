import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { brakePagesQuery } from "../../api/queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import viewLinks from "../../ui/Views.module.css";
import { BrakeRow } from "./BrakeRow.tsx";
import styles from "./BrakesPage.module.css";

const route = getRouteApi("/signed-in/brakes");
const views = [
  { state: undefined, label: "Active" },
  { state: "ended", label: "Ended" },
  { state: "all", label: "All" },
] as const;

export function BrakesPage() {
  const { state } = route.useSearch();
  const pages = useInfiniteQuery(brakePagesQuery({ state: state ?? "active" }));
  const brakes = pages.data?.pages.flatMap((page) => page.brakes);
  return (
    <>
      <PageHeader title="Brakes" />
      <nav className={viewLinks.views} aria-label="Which brakes">
        {views.map((view) => (
          <Link
            key={view.label}
            to="/brakes"
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
        <ErrorNotice error={pages.error} title="Brakes: not refreshed" onRetry={() => void pages.refetch()} />
      )}
      {brakes === undefined && pages.isPending && <p className="dimmed">Loading…</p>}
      {brakes?.length === 0 && (
        <p className="dimmed">{state === undefined ? "No brake is active." : "No brakes yet."}</p>
      )}
      {brakes !== undefined && brakes.length > 0 && (
        <div className={`panel ${styles.list}`}>
          {brakes.map((brake) => (
            <BrakeRow key={brake.id} brake={brake} heading="h2" />
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
