import type { BlockPointView } from "@mailbrake/contract";
import { Checkbox } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { DoorState } from "../../ui/DoorState.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { listensInWords } from "../catalogue/listens-in-words.ts";
import { ActiveHere } from "./ActiveHere.tsx";
import styles from "./DoorRow.module.css";
import { doorInWords } from "./door-words.ts";

interface DoorRowProps {
  point: BlockPointView;
  /** The host has other instances with doors of the same names. */
  severalInstances: boolean;
  selected: boolean;
  onSelect: (on: boolean) => void;
}

/** One door: what it is, its state, the brakes on it. */
export function DoorRow({ point, severalInstances, selected, onSelect }: DoorRowProps) {
  return (
    <div className={styles.row} data-selected={selected || undefined}>
      <Checkbox
        size="sm"
        className={styles.check}
        aria-label={`Select ${point.label} on ${point.hostName}${severalInstances ? `, ${point.instance}` : ""}`}
        checked={selected}
        disabled={point.door === "gone"}
        onChange={(event) => onSelect(event.currentTarget.checked)}
      />
      <div className={styles.what}>
        <Link to="/block-points/$blockPointId" params={{ blockPointId: point.id }} className={styles.label}>
          {point.label}
        </Link>
        <div className="tiny dimmed">
          {[
            point.kind === "delivery" ? "outgoing side" : (point.role ?? "no role"),
            listensInWords(point),
            severalInstances ? point.instance : "",
          ]
            .filter((words) => words !== "")
            .join(" · ")}
        </div>
      </div>
      <div className={styles.state}>
        <DoorState door={point.door} words={doorInWords(point)} />
        {point.hostLink !== "connected" && (
          <span className="tiny dimmed">
            last seen <Moment at={point.seenAt} />
          </span>
        )}
      </div>
      <ActiveHere point={point} />
    </div>
  );
}
