import { limits } from "@mailbrake/contract";
import { TextInput, UnstyledButton } from "@mantine/core";
import type { Ref } from "react";
import styles from "./ReasonField.module.css";

interface ReasonFieldProps {
  value: string;
  onChange: (value: string) => void;
  /** One tap each, for thumbs at night. */
  suggestions: readonly string[];
  error?: string | undefined;
  autoFocus?: boolean;
  inputRef?: Ref<HTMLInputElement>;
}

/** Why something is done: goes into the audit trail, and to the host. */
export function ReasonField({ value, onChange, suggestions, error, autoFocus = false, inputRef }: ReasonFieldProps) {
  return (
    <div>
      <TextInput
        {...(inputRef === undefined ? {} : { ref: inputRef })}
        label="Reason"
        description="Why, for the audit trail and for whoever finds this later."
        required
        withAsterisk={false}
        maxLength={limits.reasonLength}
        data-autofocus={autoFocus || undefined}
        value={value}
        error={error}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <fieldset className={styles.suggestions} aria-label="Suggestions">
        {suggestions.map((words) => (
          <UnstyledButton key={words} className={styles.suggestion} onClick={() => onChange(words)}>
            {words}
          </UnstyledButton>
        ))}
      </fieldset>
    </div>
  );
}
