import type { QueueJobView } from "@mailbrake/contract";

const mostNamed = 3;

/** `mx1, mx2 and 4 more hosts` */
export function actionPlaces(jobs: readonly Pick<QueueJobView, "hostName">[]): string {
  const hosts = [...new Set(jobs.map(({ hostName }) => hostName))].sort((a, b) => a.localeCompare(b));
  const rest = hosts.length - mostNamed;
  const named = hosts.slice(0, mostNamed).join(", ");
  return rest <= 0 ? named : `${named} and ${rest} more ${rest === 1 ? "host" : "hosts"}`;
}
