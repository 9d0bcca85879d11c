import { Button } from "@mantine/core";
import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorNotice } from "./ErrorNotice.tsx";

interface PagedPanelProps<Row> {
  pages: UseInfiniteQueryResult<unknown>;
  /** All that has come so far; undefined before the first page. */
  rows: readonly Row[] | undefined;
  /** What is listed, for the words of a failure: "Brakes". */
  what: string;
  /** Said where there is none. */
  none: string;
  children: (row: Row) => ReactNode;
}

/** A list that comes page by page, newest first. Old rows stay on screen when a refresh fails, and the failure is said above them. */
export function PagedPanel<Row>({ pages, rows, what, none, children }: PagedPanelProps<Row>) {
  return (
    <>
      {pages.isError && (
        <ErrorNotice error={pages.error} title={`${what}: not refreshed`} onRetry={() => void pages.refetch()} />
      )}
      {rows === undefined && pages.isPending && <p className="dimmed">Loading…</p>}
      {rows?.length === 0 && <p className="dimmed">{none}</p>}
      {rows !== undefined && rows.length > 0 && (
        <div className="panel" style={{ overflow: "hidden" }}>
          {rows.map(children)}
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
