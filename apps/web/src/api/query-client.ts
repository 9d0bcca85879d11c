import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api-error.ts";

/** How often an answer on screen is asked for again beside the live events: a proxy may swallow those. */
const refreshMs = 30_000;

/** @param onSignedOut called when an answer says that nobody is signed in any more */
export function createQueryClient({ onSignedOut }: { onSignedOut: () => void }): QueryClient {
  const watch = (error: unknown) => {
    if (error instanceof ApiError && error.code === "not-signed-in") onSignedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError: watch }),
    mutationCache: new MutationCache({ onError: watch }),
    defaultOptions: {
      queries: {
        staleTime: 0,
        refetchInterval: refreshMs,
        refetchOnWindowFocus: true,
        networkMode: "always",
        retry: (failures, error) => failures < 2 && error instanceof ApiError && error.code === "offline",
        retryDelay: 1_000,
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
}
