import type { DoorState as Door } from "@mailbrake/contract";
import {
  IconAlertTriangle,
  IconCircleDashed,
  IconCircleOff,
  IconHandStop,
  IconHelpHexagon,
  IconMailOpened,
} from "@tabler/icons-react";
import styles from "./DoorState.module.css";

const marks = {
  open: IconMailOpened,
  braked: IconHandStop,
  changing: IconCircleDashed,
  drifted: IconAlertTriangle,
  unknown: IconHelpHexagon,
  gone: IconCircleOff,
} as const;

/** State of a door: the word, then a shape, then a colour. */
export function DoorState({ door, words }: { door: Door; words: string }) {
  const Mark = marks[door];
  return (
    <span className={styles.state} data-door={door}>
      <Mark size={16} stroke={2} aria-hidden="true" />
      {words}
    </span>
  );
}
