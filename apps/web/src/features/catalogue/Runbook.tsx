import { type BlockPointDetail, blockPointDetailSchema, limits, updateRunbookRequestSchema } from "@mailbrake/contract";
import { ActionIcon, Button, Group, Stack, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
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
import styles from "./Runbook.module.css";

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
          {links.length > 0 && (
            <ul className={styles.links}>
              {links.map((link) => (
                <li key={link.url}>
                  <a href={link.url} target="_blank" rel="noreferrer noopener">
                    {link.title}
                  </a>{" "}
                  <span className="tiny dimmed">{link.url}</span>
                </li>
              ))}
            </ul>
          )}
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
  const changeLink = (index: number, part: Partial<(typeof links)[number]>) =>
    setLinks(links.map((link, at) => (at === index ? { ...link, ...part } : link)));
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
        {links.map((link, index) => (
          <div key={index} className={styles.linkFields}>
            <TextInput
              label={`Title of link ${index + 1}`}
              value={link.title}
              error={issues[`links.${index}.title`]}
              onChange={(event) => changeLink(index, { title: event.currentTarget.value })}
            />
            <TextInput
              label={`Address of link ${index + 1}`}
              placeholder="https://"
              type="url"
              value={link.url}
              error={issues[`links.${index}.url`]}
              onChange={(event) => changeLink(index, { url: event.currentTarget.value })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={`Take out link ${index + 1}`}
              onClick={() => setLinks(links.filter((_, at) => at !== index))}
            >
              <IconX size={18} aria-hidden="true" />
            </ActionIcon>
          </div>
        ))}
        {links.length < 20 && (
          <Button
            variant="subtle"
            color="gray"
            size="xs"
            style={{ alignSelf: "flex-start" }}
            leftSection={<IconPlus size={14} aria-hidden="true" />}
            onClick={() => setLinks([...links, { title: "", url: "" }])}
          >
            Add a link
          </Button>
        )}
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
