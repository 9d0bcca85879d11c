import { timeOfDay } from "../ui/format-time.ts";
import styles from "./LiveIndicator.module.css";
import { useFreshness } from "./LiveProvider.tsx";

/** Says in words whether the screen is fresh. Announced politely when it changes. */
export function LiveIndicator() {
  const freshness = useFreshness();
  return (
    <output className={styles.indicator} data-state={freshness.state} aria-label="Connection">
      <span className={styles.mark} aria-hidden="true" />
      {freshness.state === "live" && "Live"}
      {freshness.state === "connecting" && "Connecting…"}
      {freshness.state === "reconnecting" && `Reconnecting… shown as of ${timeOfDay(freshness.asOf)}`}
    </output>
  );
}
