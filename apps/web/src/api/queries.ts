import {
  type AuditEvent,
  auditPageSchema,
  auditVerdictSchema,
  type BlockPointView,
  type BrakeView,
  blockPointDetailSchema,
  blockPointListSchema,
  brakeListSchema,
  brakeViewSchema,
  enrolmentListSchema,
  type HostView,
  hostListSchema,
  hostSurroundingsSchema,
  hostViewSchema,
  sessionViewSchema,
  setupStatusSchema,
  userListSchema,
} from "@mailbrake/contract";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ApiError } from "./api-error.ts";
import { get } from "./client.ts";

/** A fleet of 1,000 hosts has some thousand block points; more than this is a mistake somewhere, and is said. */
const mostPages = 100;

/** All of a list, page by page. @throws ApiError */
export async function allPages<T>(
  page: (cursor: string | undefined) => Promise<{ items: T[]; nextCursor: string | null }>,
) {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let count = 0; count < mostPages; count += 1) {
    const one = await page(cursor);
    items.push(...one.items);
    if (one.nextCursor === null) return items;
    cursor = one.nextCursor;
  }
  throw new ApiError("not-understood", 0, { detail: `The list goes on after ${mostPages} pages.` });
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }) => get("/api/session", sessionViewSchema, { signal, timeoutMs: 8_000 }),
});

export const setupStatusQuery = queryOptions({
  queryKey: ["setup-status"],
  queryFn: ({ signal }) => get("/api/setup/status", setupStatusSchema, { signal }),
});

export const hostsQuery = queryOptions({
  queryKey: ["hosts"],
  queryFn: ({ signal }): Promise<HostView[]> =>
    allPages(async (cursor) => {
      const page = await get("/api/hosts", hostListSchema, { signal, search: { cursor, pageSize: 100 } });
      return { items: page.hosts, nextCursor: page.nextCursor };
    }),
});

export const hostQuery = (hostId: string) =>
  queryOptions({
    queryKey: ["host", hostId],
    queryFn: ({ signal }) => get(`/api/hosts/${hostId}`, hostViewSchema, { signal }),
  });

export const surroundingsQuery = (hostId: string) =>
  queryOptions({
    queryKey: ["host", hostId, "surroundings"],
    queryFn: ({ signal }) => get(`/api/hosts/${hostId}/surroundings`, hostSurroundingsSchema, { signal }),
  });

export const enrolmentsQuery = queryOptions({
  queryKey: ["enrolments"],
  queryFn: ({ signal }) => get("/api/hosts/enrolments", enrolmentListSchema, { signal }),
});

export const blockPointsQuery = queryOptions({
  queryKey: ["block-points"],
  queryFn: ({ signal }): Promise<BlockPointView[]> =>
    allPages(async (cursor) => {
      const page = await get("/api/block-points", blockPointListSchema, { signal, search: { cursor, pageSize: 100 } });
      return { items: page.blockPoints, nextCursor: page.nextCursor };
    }),
});

export const blockPointQuery = (blockPointId: string) =>
  queryOptions({
    queryKey: ["block-point", blockPointId],
    queryFn: ({ signal }) => get(`/api/block-points/${blockPointId}`, blockPointDetailSchema, { signal }),
  });

export const activeBrakesQuery = queryOptions({
  queryKey: ["brakes", "active"],
  queryFn: ({ signal }): Promise<BrakeView[]> =>
    allPages(async (cursor) => {
      const page = await get("/api/brakes", brakeListSchema, {
        signal,
        search: { state: "active", cursor, pageSize: 100 },
      });
      return { items: page.brakes, nextCursor: page.nextCursor };
    }),
});

export interface BrakeFilter {
  state: "active" | "ended" | "all";
  blockPointId?: string;
}

export const brakePagesQuery = (filter: BrakeFilter) =>
  infiniteQueryOptions({
    queryKey: ["brakes", "pages", filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      get("/api/brakes", brakeListSchema, { signal, search: { ...filter, cursor: pageParam, pageSize: 20 } }),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });

export const brakeQuery = (brakeId: string) =>
  queryOptions({
    queryKey: ["brake", brakeId],
    queryFn: ({ signal }) => get(`/api/brakes/${brakeId}`, brakeViewSchema, { signal }),
  });

export interface AuditFilter {
  actor?: string | undefined;
  action?: string | undefined;
  target?: string | undefined;
  text?: string | undefined;
}

export const auditPagesQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["audit", filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      get("/api/audit", auditPageSchema, { signal, search: { ...filter, cursor: pageParam } }),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    select: (data): AuditEvent[] => data.pages.flatMap((page) => page.events),
  });

export const auditVerdictQuery = queryOptions({
  queryKey: ["audit-verdict"],
  queryFn: ({ signal }) => get("/api/audit/verify", auditVerdictSchema, { signal, timeoutMs: 60_000 }),
  staleTime: 60_000,
});

export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: ({ signal }) => get("/api/users", userListSchema, { signal }),
});
