import type { AuditEvent } from "@mailbrake/contract";
import { Link } from "@tanstack/react-router";
import { Facts } from "../../ui/Facts.tsx";
import styles from "./AuditDetail.module.css";
import { targetPlace } from "./target-place.ts";

/** Everything that the event says, and the hashes that chain it. */
export function AuditDetail({ event }: { event: AuditEvent }) {
  const place = targetPlace(event.target);
  return (
    <div className={styles.detail}>
      <Facts
        facts={[
          ["Event", event.sequence],
          ["At", new Date(event.at).toISOString()],
          ["Who", `${event.actor.name} (${event.actor.kind} ${event.actor.id})`],
          ["Target", place === null ? event.target : <TargetLink place={place} target={event.target} />],
          [
            "More",
            <Link key="more" to="/audit" search={{ target: event.target }}>
              All about this target
            </Link>,
          ],
        ]}
      />
      <pre className={styles.data}>{readable(event.data)}</pre>
      <div className="tiny dimmed">
        <div>
          hash <code className="mono">{event.hash}</code>
        </div>
        <div>
          after <code className="mono">{event.previousHash}</code>
        </div>
      </div>
    </div>
  );
}

function TargetLink({ place, target }: { place: NonNullable<ReturnType<typeof targetPlace>>; target: string }) {
  switch (place.kind) {
    case "brake":
      return (
        <Link to="/brakes/$brakeId" params={{ brakeId: place.id }}>
          {target}
        </Link>
      );
    case "host":
      return (
        <Link to="/hosts/$hostId" params={{ hostId: place.id }}>
          {target}
        </Link>
      );
    case "external-point":
      return (
        <Link to="/external-points/$externalPointId" params={{ externalPointId: place.id }}>
          {target}
        </Link>
      );
    case "block-point":
      return (
        <Link to="/block-points/$blockPointId" params={{ blockPointId: place.id }}>
          {target}
        </Link>
      );
  }
}

/** The canonical JSON with line breaks; shown as it is where it isn't JSON (then the chain is broken too). */
function readable(data: string): string {
  try {
    return JSON.stringify(JSON.parse(data), null, 2);
  } catch {
    return data;
  }
}
