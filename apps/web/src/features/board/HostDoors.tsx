import { Checkbox } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { HostLink } from "../../ui/HostLink.tsx";
import type { HostGroup } from "./board-filter.ts";
import { DoorRow } from "./DoorRow.tsx";
import styles from "./HostDoors.module.css";

interface HostDoorsProps {
  group: HostGroup;
  selected: ReadonlySet<string>;
  onSelect: (ids: readonly string[], on: boolean) => void;
}

/** A host and its doors, each with its state. */
export function HostDoors({ group, selected, onSelect }: HostDoorsProps) {
  const { host, hostName, hostId, points } = group;
  const selectable = points.filter(({ door }) => door !== "gone").map(({ id }) => id);
  const chosen = selectable.filter((id) => selected.has(id)).length;
  const severalInstances = new Set(points.map(({ instanceId }) => instanceId)).size > 1;
  return (
    <section className={`panel ${styles.host}`} aria-label={`Host ${hostName}`}>
      <header className={styles.head}>
        <Checkbox
          size="sm"
          aria-label={`Select every block point of ${hostName}`}
          checked={chosen > 0 && chosen === selectable.length}
          indeterminate={chosen > 0 && chosen < selectable.length}
          disabled={selectable.length === 0}
          onChange={(event) => onSelect(selectable, event.currentTarget.checked)}
        />
        <h3 className={styles.name}>
          <Link to="/hosts/$hostId" params={{ hostId }}>
            {hostName}
          </Link>
        </h3>
        <HostLink
          link={host?.link ?? points[0]?.hostLink ?? "connecting"}
          detail={host?.linkDetail ?? ""}
          nextAttemptAt={host?.nextAttemptAt ?? null}
          lastSeenAt={host?.lastSeenAt ?? null}
        />
      </header>
      {points.length === 0 && <p className={`dimmed small ${styles.none}`}>Nothing discovered here yet.</p>}
      {points.map((point) => (
        <DoorRow
          key={point.id}
          point={point}
          severalInstances={severalInstances}
          selected={selected.has(point.id)}
          onSelect={(on) => onSelect([point.id], on)}
        />
      ))}
    </section>
  );
}
