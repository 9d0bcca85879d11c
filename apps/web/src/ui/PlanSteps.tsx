import type { PlanStep } from "@mailbrake/contract";
import { CopyText } from "./CopyText.tsx";
import styles from "./PlanSteps.module.css";

/** Commands, file changes and notes, as the agent gave them; commands can be copied. */
export function PlanSteps({ steps }: { steps: readonly PlanStep[] }) {
  const commands = steps.filter(({ kind }) => kind === "command").map(({ text }) => text);
  return (
    <div className={styles.steps}>
      {commands.length > 1 && <CopyText text={commands.join("\n")} label="Copy all commands" />}
      <ol className={styles.list}>
        {steps.map((step, index) => (
          <li key={index} className={styles.step} data-kind={step.kind}>
            <Step step={step} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function Step({ step }: { step: PlanStep }) {
  switch (step.kind) {
    case "note":
      return <span className="small">{step.text}</span>;
    case "command":
      return (
        <div className={styles.command}>
          <code>{step.text}</code>
          <CopyText text={step.text} label="Copy" />
        </div>
      );
    case "file":
      return (
        <div>
          <div className="small">
            {step.text}{" "}
            {step.path !== undefined && !step.text.includes(step.path) && <code className="mono">{step.path}</code>}
          </div>
          {step.diff !== undefined && step.diff !== "" && (
            <pre className={styles.diff}>
              {step.diff
                .trimEnd()
                .split("\n")
                .map((line, index) => (
                  <span key={index} className={styles.line} data-sign={signOf(line)}>
                    {`${line}\n`}
                  </span>
                ))}
            </pre>
          )}
        </div>
      );
  }
}

function signOf(line: string): "added" | "removed" | undefined {
  if (line.startsWith("+++") || line.startsWith("---")) return undefined;
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : undefined;
}
