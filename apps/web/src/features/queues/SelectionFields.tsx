import { queueNames } from "@mailbrake/contract";
import { queueMatchKinds } from "@mailbrake/domain";
import { NativeSelect, TextInput } from "@mantine/core";
import { MatchFields } from "../brakes/MatchFields.tsx";
import { queueNameWords } from "./queue-words.ts";
import styles from "./SelectionFields.module.css";
import type { SelectionDraft, SelectionIssues } from "./selection-draft.ts";
import type { OwnHold } from "./use-own-holds.ts";

interface SelectionFieldsProps {
  draft: SelectionDraft;
  issues: SelectionIssues;
  /** Hold brakes of ours that may hold mail here. */
  holds: readonly OwnHold[];
  onChange: (part: Partial<SelectionDraft>) => void;
}

const amounts = [
  { key: "older", field: "olderSeconds", label: "Older than", placeholder: "4 h" },
  { key: "younger", field: "youngerSeconds", label: "Younger than", placeholder: "2 d" },
  { key: "larger", field: "largerBytes", label: "Larger than", placeholder: "10 kB" },
  { key: "smaller", field: "smallerBytes", label: "Smaller than", placeholder: "1 MB" },
] as const;

/** Which queued mail: all that is given must hold. */
export function SelectionFields({ draft, issues, holds, onChange }: SelectionFieldsProps) {
  const known = holds.some(({ applicationId }) => applicationId === draft.held);
  return (
    <div className={styles.fields}>
      <MatchFields
        matches={draft.matches}
        issues={issues}
        kinds={queueMatchKinds}
        onChange={(matches) => onChange({ matches })}
      />
      <div className={styles.more}>
        <NativeSelect
          size="xs"
          label="In the queue"
          value={draft.queue}
          data={[
            { value: "", label: "Any" },
            ...queueNames.map((queue) => ({ value: queue, label: queueNameWords[queue] })),
          ]}
          onChange={(event) => {
            const { value } = event.currentTarget;
            onChange({ queue: queueNames.find((queue) => queue === value) ?? "" });
          }}
        />
        {amounts.map(({ key, field, label, placeholder }) => (
          <TextInput
            key={key}
            size="xs"
            label={label}
            placeholder={placeholder}
            maxLength={20}
            autoCapitalize="none"
            autoCorrect="off"
            value={draft[key]}
            error={issues[field]}
            onChange={(event) => onChange({ [key]: event.currentTarget.value })}
          />
        ))}
        {(holds.length > 0 || draft.held !== "") && (
          <NativeSelect
            size="xs"
            label="Held by our brake"
            className={styles.held}
            value={draft.held}
            error={issues.applicationId}
            data={[
              { value: "", label: "Any or none" },
              ...holds.map(({ applicationId, words }) => ({ value: applicationId, label: words })),
              ...(draft.held !== "" && !known ? [{ value: draft.held, label: "A brake that has ended" }] : []),
            ]}
            onChange={(event) => onChange({ held: event.currentTarget.value })}
          />
        )}
      </div>
    </div>
  );
}
