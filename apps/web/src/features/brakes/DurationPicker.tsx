import { Radio, TextInput } from "@mantine/core";
import { useId } from "react";
import type { DurationChoice } from "./brake-draft.ts";
import styles from "./DurationPicker.module.css";

interface DurationPickerProps {
  label: string;
  choices: readonly { seconds: number | null; words: string }[];
  value: DurationChoice;
  onChange: (value: DurationChoice) => void;
  error?: string | undefined;
}

const keyOf = (value: DurationChoice) => (value.kind === "custom" ? "custom" : String(value.seconds));

/** For how long; the host itself keeps the time. */
export function DurationPicker({ label, choices, value, onChange, error }: DurationPickerProps) {
  const name = useId();
  return (
    <fieldset className={styles.set}>
      <legend className={styles.legend}>{label}</legend>
      <div className={styles.choices}>
        {choices.map(({ seconds, words }) => (
          <Radio
            key={String(seconds)}
            name={name}
            label={words.charAt(0).toUpperCase() + words.slice(1)}
            checked={keyOf(value) === String(seconds)}
            onChange={() => onChange({ kind: "preset", seconds })}
          />
        ))}
        <Radio
          name={name}
          label="Other"
          checked={value.kind === "custom"}
          onChange={() => onChange({ kind: "custom", minutes: "30" })}
        />
      </div>
      {value.kind === "custom" && (
        <TextInput
          label="How many minutes"
          inputMode="numeric"
          className={styles.minutes}
          value={value.minutes}
          error={error}
          onChange={(event) => onChange({ kind: "custom", minutes: event.currentTarget.value })}
        />
      )}
    </fieldset>
  );
}
