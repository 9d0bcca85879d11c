import { limits, type MatchKind, matchKinds } from "@mailbrake/contract";
import { ActionIcon, Button, NativeSelect, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import type { BrakeDraft, DraftIssues } from "./brake-draft.ts";
import composer from "./Composer.module.css";
import styles from "./MatchFields.module.css";

const kindWords: Record<MatchKind, { name: string; value: string; placeholder: string }> = {
  all: { name: "All mail", value: "", placeholder: "" },
  client: { name: "Client address", value: "Address or network", placeholder: "192.0.2.7 or 192.0.2.0/24" },
  helo: { name: "HELO name", value: "HELO name", placeholder: "mail.example.org" },
  sender: { name: "Sender", value: "Address, domain, or <>", placeholder: "alice@example.org, example.org or <>" },
  recipient: { name: "Recipient", value: "Address or domain", placeholder: "bob@example.org or example.org" },
  login: { name: "Login", value: "Login name", placeholder: "bob" },
};
const mostConditions = 3;

interface MatchFieldsProps {
  matches: BrakeDraft["matches"];
  issues: DraftIssues;
  /** What can be chosen by; every kind unless told. */
  kinds?: readonly MatchKind[];
  onChange: (matches: BrakeDraft["matches"]) => void;
}

/** Which mail: one to three conditions, all of which must hold. */
export function MatchFields({ matches, issues, kinds = matchKinds, onChange }: MatchFieldsProps) {
  const change = (index: number, part: Partial<BrakeDraft["matches"][number]>) =>
    onChange(matches.map((match, at) => (at === index ? { ...match, ...part } : match)));
  const isAll = matches.length === 1 && matches[0]?.kind === "all";
  return (
    <fieldset className={composer.section}>
      <legend className={composer.legend}>Which mail</legend>
      <div className={styles.rows}>
        {matches.map((match, index) => {
          const words = kindWords[match.kind];
          const number = matches.length > 1 ? ` ${index + 1}` : "";
          return (
            <div key={index} className={styles.row}>
              {index > 0 && <span className={styles.and}>and</span>}
              <NativeSelect
                aria-label={`Match${number}`}
                className={styles.kind}
                value={match.kind}
                data={kinds
                  .filter((kind) => kind !== "all" || matches.length === 1)
                  .map((kind) => ({ value: kind, label: kindWords[kind].name }))}
                onChange={(event) => change(index, { kind: event.currentTarget.value as MatchKind, value: "" })}
              />
              {match.kind !== "all" && (
                <TextInput
                  aria-label={`${words.value}${number}`}
                  placeholder={words.placeholder}
                  className={styles.value}
                  classNames={{ input: "mono" }}
                  maxLength={limits.matchLength}
                  autoCapitalize="none"
                  autoCorrect="off"
                  spellCheck={false}
                  value={match.value}
                  error={issues[`match.${index}.value`] ?? issues[`match.${index}`]}
                  onChange={(event) => change(index, { value: event.currentTarget.value })}
                />
              )}
              {matches.length > 1 && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size="lg"
                  aria-label={`Take out condition ${index + 1}`}
                  onClick={() => onChange(matches.filter((_, at) => at !== index))}
                >
                  <IconX size={18} aria-hidden="true" />
                </ActionIcon>
              )}
            </div>
          );
        })}
      </div>
      {issues.match !== undefined && (
        <div className="small" style={{ color: "var(--mb-accent-text)" }} data-issue tabIndex={-1}>
          {issues.match}
        </div>
      )}
      {!isAll && matches.length < mostConditions && (
        <Button
          variant="subtle"
          color="gray"
          size="xs"
          mt={8}
          leftSection={<IconPlus size={14} aria-hidden="true" />}
          onClick={() => onChange([...matches, { kind: "recipient", value: "" }])}
        >
          And only where also…
        </Button>
      )}
    </fieldset>
  );
}
