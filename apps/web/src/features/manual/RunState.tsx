import type { ManualRunState, ManualRunSummary } from "@mailbrake/contract";
import { manualRunInWords, manualRunSaid } from "@mailbrake/domain";
import { IconListCheck } from "@tabler/icons-react";
import { agoInWords } from "../../ui/format-time.ts";
import { useNow } from "../../ui/use-now.ts";
import styles from "./RunState.module.css";

/** A state that people said, marked as such by a shape and a dashed line of its own. */
export function RunMark({ state, words }: { state: ManualRunState; words: string }) {
  return (
    <span className={styles.state} data-state={state}>
      <IconListCheck size={16} stroke={2} aria-hidden="true" />
      {words}
    </span>
  );
}

/** `Said to be on, by Ada, 3 min ago`; of what was given up with steps ticked, how it was left. */
export function RunSaid({ run }: { run: ManualRunSummary }) {
  const now = useNow(1_000);
  const { at, by } = manualRunSaid(run);
  return (
    <>
      {manualRunInWords(run)}, by {by},{" "}
      <time dateTime={at} title={new Date(at).toString()}>
        {agoInWords(at, now)}
      </time>
      {run.leftAs !== null && `. Left as: ${run.leftAs}`}
    </>
  );
}

/** The run's state with who said so and when. */
export function RunState({ run }: { run: ManualRunSummary }) {
  return (
    <span className={styles.state} data-state={run.state}>
      <IconListCheck size={16} stroke={2} aria-hidden="true" />
      <span>
        <RunSaid run={run} />
      </span>
    </span>
  );
}
