import { useQuery } from "@tanstack/react-query";
import { hostsQuery } from "../../api/queries.ts";

/** Ids of the hosts of which nothing is known now. */
export function useUnreachableHosts(): ReadonlySet<string> {
  const hosts = useQuery(hostsQuery);
  return new Set(hosts.data?.filter(({ link }) => link !== "connected").map(({ id }) => id));
}
