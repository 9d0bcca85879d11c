import { type BlockPointDetail, blockPointDetailSchema, limits, updateRunbookRequestSchema } from "@mailbrake/contract";
import { Button, Group, Stack, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { blockPointQuery } from "../../api/queries.ts";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { firstIssues } from "../../ui/first-issues.ts";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { Moment } from "../../ui/Moment.tsx";
import panels from "../../ui/Panels.module.css";
import { useWhyNotRole } from "../access/use-session.ts";
import { LinkFields } from "./LinkFields.tsx";
import styles from "./Runbook.module.css";
import { RunbookLinks } from "./RunbookLinks.tsx";

/** What the colleagues wrote down for this door: a note and links. */
export function Runbook({ point }: { point: BlockPointDetail }) {
  const whyNotRole = useWhyNotRole("operator");
  const [editing, setEditing] = useState(false);
  const { note, links, updatedAt, updatedBy } = point.runbook;
  return (
    <section className={panels.panel} aria-labelledby="runbook">
      <header className={styles.head}>
        <h2 id="runbook" className={panels.title}>
          Runbook
        </h2>
        {!editing && (
          <GuardedButton size="xs" variant="default" whyNot={whyNotRole} onClick={() => setEditing(true)}>
            Edit the runbook
          </GuardedButton>
        )}
      </header>
      {editing ? (
        <RunbookForm point={point} onDone={() => setEditing(false)} />
      ) : (
        <>
          {note === "" && links.length === 0 && <p className={styles.note}>Nothing written down yet.</p>}
          {note !== "" && <p className={styles.note}>{note}</p>}
          {links.length > 0 && <RunbookLinks links={links} />}
          {updatedAt !== null && (
            <p className="tiny dimmed">
              {updatedBy}, <Moment at={updatedAt} />
            </p>
          )}
        </>
      )}
    </section>
  );
}

function RunbookForm({ point, onDone }: { point: BlockPointDetail; onDone: () => void }) {
  const queryClient = useQueryClient();
  const [note, setNote] = useState(point.runbook.note);
  const [links, setLinks] = useState(point.runbook.links);
  const [issues, setIssues] = useState<Record<string, string>>({});
  const save = useMutation({
    mutationFn: () => send("PUT", `/api/block-points/${point.id}/runbook`, { note, links }, blockPointDetailSchema),
    onSuccess: (fresh) => {
      queryClient.setQueryData(blockPointQuery(point.id).queryKey, fresh);
      onDone();
    },
  });
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const found = firstIssues(updateRunbookRequestSchema, { note, links });
        setIssues(found);
        if (Object.keys(found).length === 0) save.mutate();
      }}
    >
      <Stack gap="sm">
        <Textarea
          label="Note"
          rows={6}
          maxLength={limits.noteLength}
          value={note}
          error={issues.note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <LinkFields links={links} issues={issues} onChange={setLinks} />
        {save.isError && <ErrorNotice error={save.error} title="The runbook was not saved" />}
        <Group gap="xs">
          <Button type="submit" loading={save.isPending}>
            Save the runbook
          </Button>
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
