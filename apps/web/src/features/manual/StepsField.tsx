import { manualLimits } from "@mailbrake/contract";
import { ActionIcon, Textarea } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconX } from "@tabler/icons-react";
import { AddRowButton } from "../../ui/AddRowButton.tsx";
import styles from "./StepsField.module.css";

interface StepsFieldProps {
  /** `Steps to apply`: the heading. */
  label: string;
  /** `Apply`: begins each step's own name, as in `Apply, step 2`. */
  short: string;
  steps: readonly string[];
  /** The list's own issue, and each step's by index. */
  issue: string | undefined;
  stepIssue: (index: number) => string | undefined;
  onChange: (steps: string[]) => void;
}

/** An ordered list of short texts: add, take out, move. */
export function StepsField({ label, short, steps, issue, stepIssue, onChange }: StepsFieldProps) {
  const move = (from: number, to: number) => {
    const next = [...steps];
    next.splice(to, 0, ...next.splice(from, 1));
    onChange(next);
  };
  return (
    <fieldset className={styles.field}>
      <legend className={styles.legend}>{label}</legend>
      {steps.map((text, index) => (
        <div key={index} className={styles.step}>
          <Textarea
            aria-label={`${short}, step ${index + 1}`}
            placeholder={`Step ${index + 1}`}
            autosize
            minRows={1}
            maxRows={5}
            maxLength={manualLimits.stepLength}
            value={text}
            error={stepIssue(index)}
            onChange={(event) => {
              const { value } = event.currentTarget;
              onChange(steps.map((one, at) => (at === index ? value : one)));
            }}
          />
          <div className={styles.buttons}>
            <StepButton
              label={`${short}, move step ${index + 1} up`}
              Icon={IconArrowUp}
              disabled={index === 0}
              onClick={() => move(index, index - 1)}
            />
            <StepButton
              label={`${short}, move step ${index + 1} down`}
              Icon={IconArrowDown}
              disabled={index === steps.length - 1}
              onClick={() => move(index, index + 1)}
            />
            <StepButton
              label={`${short}, take out step ${index + 1}`}
              Icon={IconX}
              disabled={steps.length === 1}
              onClick={() => onChange(steps.filter((_, at) => at !== index))}
            />
          </div>
        </div>
      ))}
      {issue !== undefined && <div className={styles.wrong}>{issue}</div>}
      {steps.length < manualLimits.steps && (
        <AddRowButton aria-label={`${short}, add a step`} onClick={() => onChange([...steps, ""])}>
          Add a step
        </AddRowButton>
      )}
    </fieldset>
  );
}

interface StepButtonProps {
  label: string;
  Icon: typeof IconX;
  disabled: boolean;
  onClick: () => void;
}

function StepButton({ label, Icon, disabled, onClick }: StepButtonProps) {
  return (
    <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} disabled={disabled} onClick={onClick}>
      <Icon size={18} aria-hidden="true" />
    </ActionIcon>
  );
}
