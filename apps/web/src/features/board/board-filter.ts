import type { BlockPointView, HostView } from "@mailbrake/contract";
import type { BoardSearch } from "./board-search.ts";

export interface HostGroup {
  hostId: string;
  hostName: string;
  host: HostView | undefined;
  points: BlockPointView[];
}

const kindOrder = { listener: 0, local: 1, external: 2, delivery: 3 } as const;

/** The block points that the filters leave, grouped by host, hosts by name; a host without points stands there too while nothing is filtered. */
export function groupByHost(
  points: readonly BlockPointView[],
  hosts: readonly HostView[],
  filter: BoardSearch,
): HostGroup[] {
  const filtered = filter.text !== undefined || filter.role !== undefined || filter.door !== undefined;
  const groups = new Map<string, HostGroup>();
  for (const host of hosts) groups.set(host.id, { hostId: host.id, hostName: host.name, host, points: [] });
  for (const point of points) {
    if (!matchesFilter(point, filter)) continue;
    const group = groups.get(point.hostId);
    if (group) group.points.push(point);
    else groups.set(point.hostId, { hostId: point.hostId, hostName: point.hostName, host: undefined, points: [point] });
  }
  const inOrder = [...groups.values()].filter((group) => !filtered || group.points.length > 0);
  for (const group of inOrder) {
    group.points.sort(
      (a, b) =>
        a.instance.localeCompare(b.instance) || kindOrder[a.kind] - kindOrder[b.kind] || a.label.localeCompare(b.label),
    );
  }
  return inOrder.sort((a, b) => a.hostName.localeCompare(b.hostName));
}

function matchesFilter(point: BlockPointView, filter: BoardSearch): boolean {
  if (filter.role !== undefined && point.role !== filter.role) return false;
  if (filter.door !== undefined && point.door !== filter.door) return false;
  if (filter.text === undefined) return true;
  const ports = point.listens.map(({ address, port }) => `${address}:${port}`).join(" ");
  const words = `${point.hostName} ${point.label} ${point.instance} ${point.role ?? ""} ${ports}`.toLowerCase();
  return filter.text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word));
}
