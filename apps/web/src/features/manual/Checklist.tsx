import type { ManualStepView } from "@mailbrake/contract";
import { Checkbox } from "@mantine/core";
import { Moment } from "../../ui/Moment.tsx";
import styles from "./Checklist.module.css";

interface ChecklistProps {
  label: string;
  steps: readonly ManualStepView[];
  /** Where it can be ticked; else it is only read. */
  onTick?: ((step: ManualStepView, ticked: boolean) => void) | undefined;
  /** The step whose tick is on its way. */
  sendingId?: string | undefined;
}

/** Steps in order, each with who ticked it and when. A tick shows once the server has it. */
export function Checklist({ label, steps, onTick, sendingId }: ChecklistProps) {
  return (
    <ol className={styles.list} aria-label={label}>
      {steps.map((step, index) => (
        <li key={step.id} className={styles.item}>
          {onTick === undefined ? (
            <div className={styles.step}>
              <span className={styles.number}>{index + 1}</span>
              <StepWords step={step} sending={false} />
            </div>
          ) : (
            <label className={styles.step} htmlFor={step.id}>
              <Checkbox
                id={step.id}
                size="md"
                color="var(--mb-ink)"
                iconColor="var(--mb-surface)"
                aria-label={`Step ${index + 1}: ${step.text}`}
                checked={step.tickedAt !== null}
                disabled={sendingId !== undefined}
                onChange={(event) => onTick(step, event.currentTarget.checked)}
              />
              <StepWords step={step} sending={sendingId === step.id} />
            </label>
          )}
        </li>
      ))}
    </ol>
  );
}

function StepWords({ step, sending }: { step: ManualStepView; sending: boolean }) {
  return (
    <span>
      <span className={styles.text}>{step.text}</span>
      <span className="tiny dimmed" style={{ display: "block" }}>
        {sending && "Saving…"}
        {!sending && step.tickedAt === null && "Not ticked"}
        {!sending && step.tickedAt !== null && (
          <>
            Ticked by {step.tickedBy}, <Moment at={step.tickedAt} />
          </>
        )}
      </span>
    </span>
  );
}
