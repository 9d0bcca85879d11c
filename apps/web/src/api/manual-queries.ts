import {
  type ExternalPointDetail,
  type ExternalPointView,
  externalPointDetailSchema,
  externalPointListSchema,
  type ManualRunView,
  manualRunListSchema,
} from "@mailbrake/contract";
import { manualRunEnded } from "@mailbrake/domain";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { get } from "./client.ts";
import { allPages } from "./queries.ts";

export const externalPointsQuery = queryOptions({
  queryKey: ["external-points"],
  queryFn: ({ signal }): Promise<ExternalPointView[]> =>
    allPages(async (cursor) => {
      const search = { cursor, pageSize: 100 };
      const page = await get("/api/external-points", externalPointListSchema, { signal, search });
      return { items: page.externalPoints, nextCursor: page.nextCursor };
    }),
});

export const externalPointQuery = (externalPointId: string) =>
  queryOptions({
    queryKey: ["external-point", externalPointId],
    queryFn: ({ signal }) => get(`/api/external-points/${externalPointId}`, externalPointDetailSchema, { signal }),
  });

export const manualRunPagesQuery = (externalPointId: string) =>
  infiniteQueryOptions({
    queryKey: ["external-point", externalPointId, "runs"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      get(`/api/external-points/${externalPointId}/runs`, manualRunListSchema, {
        signal,
        search: { cursor: pageParam, pageSize: 20 },
      }),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });

/** The door with what a change of a run answered, until it is asked for again. */
export function withRun(door: ExternalPointDetail, run: ManualRunView): ExternalPointDetail {
  const standing = manualRunEnded(run) && run.leftAs === null ? null : run;
  return {
    ...door,
    mechanisms: door.mechanisms.map((one) => (one.id === run.manualMechanismId ? { ...one, standing } : one)),
  };
}
