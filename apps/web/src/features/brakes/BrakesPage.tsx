import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { brakePagesQuery } from "../../api/queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { PagedPanel } from "../../ui/PagedPanel.tsx";
import { ViewLinks } from "../../ui/ViewLinks.tsx";
import { BrakeRow } from "./BrakeRow.tsx";

const route = getRouteApi("/signed-in/brakes");
const views = [
  { state: undefined, label: "Active" },
  { state: "ended", label: "Ended" },
  { state: "all", label: "All" },
] as const;

export function BrakesPage() {
  const { state } = route.useSearch();
  const pages = useInfiniteQuery(brakePagesQuery({ state: state ?? "active" }));
  return (
    <>
      <PageHeader title="Brakes" />
      <ViewLinks to="/brakes" label="Which brakes" views={views} current={state} />
      <PagedPanel
        pages={pages}
        rows={pages.data?.pages.flatMap((page) => page.brakes)}
        what="Brakes"
        none={state === undefined ? "No brake is active." : "No brakes yet."}
      >
        {(brake) => <BrakeRow key={brake.id} brake={brake} heading="h2" />}
      </PagedPanel>
    </>
  );
}
