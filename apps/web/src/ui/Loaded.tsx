import { Loader } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorNotice } from "./ErrorNotice.tsx";

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  /** What is loaded, for the words of a failure: "The entry points". */
  what: string;
  children: (data: T) => ReactNode;
}

/** Shows what a query brought. Old data stays on screen when a refresh fails, and the failure is said above it. */
export function Loaded<T>({ query, what, children }: LoadedProps<T>) {
  if (query.data === undefined && query.isPending) {
    return (
      <div style={{ padding: "24px 0" }} role="status">
        <Loader size="sm" type="dots" color="gray" aria-label={`Loading: ${what}`} />
      </div>
    );
  }
  return (
    <>
      {query.isError && (
        <ErrorNotice
          error={query.error}
          title={query.data === undefined ? `${what}: not loaded` : `${what}: not refreshed, what you see is older`}
          onRetry={() => void query.refetch()}
        />
      )}
      {query.data !== undefined && children(query.data)}
    </>
  );
}
