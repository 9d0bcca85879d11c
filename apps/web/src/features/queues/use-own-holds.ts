import { matchInWords } from "@mailbrake/domain";
import { useQuery } from "@tanstack/react-query";
import { activeBrakesQuery, blockPointsQuery } from "../../api/queries.ts";

export interface OwnHold {
  applicationId: string;
  instanceId: string;
  words: string;
}

/** Active hold brakes of ours at these instances; empty until they are known. */
export function useOwnHolds(instanceIds: readonly string[]): OwnHold[] {
  const brakes = useQuery(activeBrakesQuery);
  const points = useQuery(blockPointsQuery);
  const instanceOf = new Map(points.data?.map(({ id, instanceId }) => [id, instanceId]));
  return (brakes.data ?? [])
    .filter(({ effect }) => effect === "hold")
    .flatMap(({ ref, match, applications }) =>
      applications.flatMap(({ id, blockPointId, hostName, pointLabel }) => {
        const instanceId = instanceOf.get(blockPointId);
        if (instanceId === undefined || !instanceIds.includes(instanceId)) return [];
        return [
          { applicationId: id, instanceId, words: `${ref}: ${matchInWords(match)}, ${pointLabel} on ${hostName}` },
        ];
      }),
    );
}
