import type { RunbookLink } from "@mailbrake/contract";
import { ActionIcon, TextInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { AddRowButton } from "../../ui/AddRowButton.tsx";
import styles from "./LinkFields.module.css";

const mostLinks = 20;

interface LinkFieldsProps {
  links: readonly RunbookLink[];
  /** By dotted field, as the API names them: `links.0.url`. */
  issues: Record<string, string>;
  onChange: (links: RunbookLink[]) => void;
}

/** Links of a runbook, to be added, changed and taken out. */
export function LinkFields({ links, issues, onChange }: LinkFieldsProps) {
  const changeLink = (index: number, part: Partial<RunbookLink>) =>
    onChange(links.map((link, at) => (at === index ? { ...link, ...part } : link)));
  return (
    <>
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
            onClick={() => onChange(links.filter((_, at) => at !== index))}
          >
            <IconX size={18} aria-hidden="true" />
          </ActionIcon>
        </div>
      ))}
      {links.length < mostLinks && (
        <AddRowButton onClick={() => onChange([...links, { title: "", url: "" }])}>Add a link</AddRowButton>
      )}
    </>
  );
}
