import { type ManualRunView, manualRunViewSchema } from "@mailbrake/contract";
import { useQueryClient } from "@tanstack/react-query";
import { send } from "../../api/client.ts";
import { externalPointQuery, externalPointsQuery, withRun } from "../../api/manual-queries.ts";

/** Sends a change of a run, and brings the door's page up to date with the answer. @throws ApiError */
export function useRunChange(externalPointId: string) {
  const queryClient = useQueryClient();
  return async (method: "POST" | "PUT", path: string, body: object): Promise<ManualRunView> => {
    const run = await send(method, path, body, manualRunViewSchema);
    const { queryKey } = externalPointQuery(externalPointId);
    queryClient.setQueryData(queryKey, (door) => (door === undefined ? door : withRun(door, run)));
    void queryClient.invalidateQueries({ queryKey });
    void queryClient.invalidateQueries({ queryKey: externalPointsQuery.queryKey });
    return run;
  };
}
