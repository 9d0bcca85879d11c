import {
  lastSurveySchema,
  type QueueInstance,
  type QueueSelection,
  queueActionListSchema,
  queueActionViewSchema,
  queuedMessageDetailSchema,
  queueInstanceListSchema,
  queuePageSchema,
} from "@mailbrake/contract";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { get, send } from "./client.ts";

/** A long queue on a busy host takes its time; the server itself gives up after 150 s, and says which host it was. */
export const queueReadTimeoutMs = 160_000;
export const queueCountTimeoutMs = 220_000;
/** As many as the API gives at once. */
export const messagePageSize = 100;

/** What was read of a queue stays as it was read until it is asked for again: reading costs the host something. */
const readOnce = { staleTime: Number.POSITIVE_INFINITY, refetchInterval: false, refetchOnWindowFocus: false } as const;

export const queueInstancesQuery = queryOptions({
  queryKey: ["queue-instances"],
  queryFn: async ({ signal }): Promise<QueueInstance[]> =>
    (await get("/api/queue-instances", queueInstanceListSchema, { signal })).instances,
});

export const lastSurveyQuery = (instanceId: string) =>
  queryOptions({
    queryKey: ["survey", instanceId],
    queryFn: async ({ signal }) =>
      (await get(`/api/instances/${instanceId}/survey`, lastSurveySchema, { signal })).survey,
  });

export const queueMessagesQuery = (instanceId: string, selection: QueueSelection) =>
  infiniteQueryOptions({
    queryKey: ["queue", instanceId, selection],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      send(
        "POST",
        `/api/instances/${instanceId}/queue/search`,
        { selection, pageSize: messagePageSize, ...(pageParam === undefined ? {} : { after: pageParam }) },
        queuePageSchema,
        { signal, timeoutMs: queueReadTimeoutMs },
      ),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    ...readOnce,
  });

const messagePath = (instanceId: string, messageId: string) =>
  `/api/instances/${instanceId}/queue/messages/${encodeURIComponent(messageId)}`;

export const queuedMessageQuery = (instanceId: string, messageId: string) =>
  queryOptions({
    queryKey: ["queued-message", instanceId, messageId],
    queryFn: ({ signal }) =>
      get(messagePath(instanceId, messageId), queuedMessageDetailSchema, { signal, timeoutMs: queueReadTimeoutMs }),
    ...readOnce,
  });

/** With its text, for admins; the server records who read it. @throws ApiError */
export function readQueuedText(instanceId: string, messageId: string) {
  const search = { body: true };
  return get(messagePath(instanceId, messageId), queuedMessageDetailSchema, { search, timeoutMs: queueReadTimeoutMs });
}

export interface QueueActionFilter {
  state?: "running" | "ended" | "all";
  instanceId?: string;
}

export const queueActionPagesQuery = (filter: QueueActionFilter, pageSize = 20) =>
  infiniteQueryOptions({
    queryKey: ["queue-actions", filter, pageSize],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      get("/api/queue-actions", queueActionListSchema, {
        signal,
        search: { ...filter, cursor: pageParam, pageSize },
      }),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });

export const queueActionQuery = (queueActionId: string) =>
  queryOptions({
    queryKey: ["queue-action", queueActionId],
    queryFn: ({ signal }) => get(`/api/queue-actions/${queueActionId}`, queueActionViewSchema, { signal }),
  });
