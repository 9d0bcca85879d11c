import type { Throttle } from "@mailbrake/contract";
import { TextInput } from "@mantine/core";
import type { BrakeDraft, DraftIssues } from "./brake-draft.ts";
import composer from "./Composer.module.css";
import styles from "./RateFields.module.css";

const fields: readonly { key: keyof Throttle; label: string }[] = [
  { key: "connectionsPerMinute", label: "Connections a minute" },
  { key: "messagesPerMinute", label: "Messages a minute" },
  { key: "recipientsPerMinute", label: "Recipients a minute" },
];

interface RateFieldsProps {
  rates: BrakeDraft["rates"];
  issues: DraftIssues;
  onChange: (rates: BrakeDraft["rates"]) => void;
}

export function RateFields({ rates, issues, onChange }: RateFieldsProps) {
  return (
    <fieldset className={composer.section}>
      <legend className={composer.legend}>At most</legend>
      <div className={styles.rates}>
        {fields.map(({ key, label }, index) => (
          <TextInput
            key={key}
            label={label}
            inputMode="numeric"
            placeholder="no limit"
            value={rates[key]}
            error={issues[`throttle.${key}`] ?? (index === 0 ? issues.throttle : undefined)}
            onChange={(event) => onChange({ ...rates, [key]: event.currentTarget.value })}
          />
        ))}
      </div>
    </fieldset>
  );
}
