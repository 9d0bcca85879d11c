import type { ApplicationView } from "@mailbrake/contract";
import { IconCheck, IconLoader2, IconMinus, IconX } from "@tabler/icons-react";
import { elapsedInWords, timeOfDay } from "../../ui/format-time.ts";
import { type ProgressStep, progressSteps, type StepStatus } from "./brake-progress.ts";
import styles from "./ProgressTrack.module.css";

const statusWords: Record<StepStatus, string> = {
  done: "done",
  now: "waiting for it",
  failed: "failed",
  waiting: "not yet",
  none: "not possible here",
};

/** Asked → Sent → Applied → Proved, each with the time at which it was seen. */
export function ProgressTrack({ application }: { application: ApplicationView }) {
  const steps = progressSteps(application);
  return (
    <>
      <ol className={styles.track} aria-label={`Progress at ${application.hostName}`}>
        {steps.map((step) => (
          <li
            key={step.name}
            className={styles.step}
            data-status={step.status}
            aria-label={`${step.name}: ${statusWords[step.status]}`}
          >
            <span className={styles.mark} aria-hidden="true">
              {step.status === "done" && <IconCheck size={14} stroke={3} />}
              {step.status === "now" && <IconLoader2 size={14} stroke={2.5} className={styles.turning} />}
              {step.status === "failed" && <IconX size={14} stroke={3} />}
              {step.status === "none" && <IconMinus size={14} stroke={2.5} />}
            </span>
            <span className={styles.name}>{step.name}</span>
            <span className={styles.when}>{whenInWords(step, application.askedAt)}</span>
          </li>
        ))}
      </ol>
      {steps.some(({ status }) => status === "none") && application.provableWhy !== "" && !application.provable && (
        <p className="tiny dimmed" style={{ margin: 0 }}>
          No proof from outside: {application.provableWhy}
        </p>
      )}
    </>
  );
}

function whenInWords(step: ProgressStep, askedAt: string): string {
  if (step.status === "failed") return step.note;
  if (step.status === "now") return "…";
  if (step.status === "none") return "read back only";
  if (step.at === null) return step.status === "done" ? "" : "not yet";
  const elapsedMs = new Date(step.at).getTime() - new Date(askedAt).getTime();
  return step.name === "Asked" || elapsedMs < 0 ? timeOfDay(step.at) : `+${elapsedInWords(elapsedMs)}`;
}
