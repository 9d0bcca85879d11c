import {
  type BlockPointDetail,
  blockPointDetailSchema,
  type EntryPointRole,
  entryPointRoles,
} from "@mailbrake/contract";
import { NativeSelect } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { send } from "../../api/client.ts";
import { blockPointQuery, blockPointsQuery } from "../../api/queries.ts";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { useWhyNotRole } from "../access/use-session.ts";

/** What the entry point is for; prepared brakes choose by it. */
export function RoleField({ point }: { point: BlockPointDetail }) {
  const queryClient = useQueryClient();
  const whyNotRole = useWhyNotRole("admin");
  const change = useMutation({
    mutationFn: (role: EntryPointRole | null) =>
      send("PATCH", `/api/block-points/${point.id}`, { role }, blockPointDetailSchema),
    onSuccess: (fresh) => {
      queryClient.setQueryData(blockPointQuery(point.id).queryKey, fresh);
      void queryClient.invalidateQueries({ queryKey: blockPointsQuery.queryKey });
    },
  });
  return (
    <div style={{ maxWidth: 320 }}>
      <NativeSelect
        label="Role"
        description={whyNotRole ?? "The prepared brakes on the board choose by it."}
        disabled={whyNotRole !== null || change.isPending}
        value={point.role ?? ""}
        data={[{ value: "", label: "none" }, ...entryPointRoles.map((role) => ({ value: role, label: role }))]}
        onChange={(event) => {
          const { value } = event.currentTarget;
          change.mutate(entryPointRoles.find((role) => role === value) ?? null);
        }}
      />
      {change.isError && <ErrorNotice error={change.error} title="The role was not changed" />}
    </div>
  );
}
