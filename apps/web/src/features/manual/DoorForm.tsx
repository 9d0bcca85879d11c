import {
  type ExternalPointDetail,
  type ExternalPointRequest,
  entryPointRoles,
  externalPointDetailSchema,
  externalPointRequestSchema,
  limits,
  manualLimits,
} from "@mailbrake/contract";
import { Button, Group, NativeSelect, Stack, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { externalPointQuery, externalPointsQuery } from "../../api/manual-queries.ts";
import { ErrorNotice, fieldError } from "../../ui/ErrorNotice.tsx";
import { firstIssues } from "../../ui/first-issues.ts";

interface DoorFormProps {
  /** The door to change; a new one where there is none. */
  door?: ExternalPointDetail;
  onDone: (door: ExternalPointDetail) => void;
  onCancel: () => void;
}

/** What a door by hand is: name, role, note. */
export function DoorForm({ door, onDone, onCancel }: DoorFormProps) {
  const queryClient = useQueryClient();
  const [draft, setDraft] = useState<ExternalPointRequest>({
    name: door?.name ?? "",
    role: door?.role ?? null,
    note: door?.note ?? "",
  });
  const [issues, setIssues] = useState<Record<string, string>>({});
  const save = useMutation({
    mutationFn: () =>
      door === undefined
        ? send("POST", "/api/external-points", draft, externalPointDetailSchema)
        : send("PUT", `/api/external-points/${door.id}`, draft, externalPointDetailSchema),
    onSuccess: (fresh) => {
      queryClient.setQueryData(externalPointQuery(fresh.id).queryKey, fresh);
      void queryClient.invalidateQueries({ queryKey: externalPointsQuery.queryKey });
      onDone(fresh);
    },
  });
  const change = (part: Partial<ExternalPointRequest>) => setDraft((before) => ({ ...before, ...part }));
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const found = firstIssues(externalPointRequestSchema, draft);
        setIssues(found);
        if (Object.keys(found).length === 0) save.mutate();
      }}
    >
      <Stack gap="sm" maw={560}>
        <TextInput
          label="Name"
          description="As colleagues call it: Hosted filter, Exchange, mailing lists."
          maxLength={limits.nameLength}
          value={draft.name}
          error={issues.name ?? fieldError(save.error, "name")}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <NativeSelect
          label="Role"
          value={draft.role ?? ""}
          data={[{ value: "", label: "none" }, ...entryPointRoles.map((role) => ({ value: role, label: role }))]}
          onChange={(event) => {
            const { value } = event.currentTarget;
            change({ role: entryPointRoles.find((role) => role === value) ?? null });
          }}
        />
        <Textarea
          label="Note"
          description="Where and what it is, whom to call. No passwords: everyone who signs in reads this."
          rows={4}
          maxLength={manualLimits.noteLength}
          value={draft.note}
          error={issues.note ?? fieldError(save.error, "note")}
          onChange={(event) => change({ note: event.currentTarget.value })}
        />
        {save.isError && <ErrorNotice error={save.error} title="The door was not saved" />}
        <Group gap="xs">
          <Button type="submit" loading={save.isPending}>
            {door === undefined ? "Add the door" : "Save the door"}
          </Button>
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
