import type { ExternalPointView } from "@mailbrake/contract";
import { IconListCheck } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { useWhyNotRole } from "../access/use-session.ts";
import doorRow from "../board/DoorRow.module.css";
import hostDoors from "../board/HostDoors.module.css";
import { effectWords } from "../brakes/effect-words.ts";
import styles from "./ByHandDoors.module.css";
import { byHandState, standingRuns } from "./by-hand-board.ts";
import { RunMark, RunSaid } from "./RunState.tsx";

/** The doors that no agent reaches, as rows of the board: what people said of each. */
export function ByHandDoors({ doors }: { doors: readonly ExternalPointView[] }) {
  const navigate = useNavigate();
  const whyNotRole = useWhyNotRole("admin");
  return (
    <section className={`panel ${hostDoors.host}`} aria-label="Doors by hand">
      <header className={hostDoors.head}>
        <h3 className={hostDoors.name}>By hand</h3>
        <span className={`tiny dimmed ${styles.about}`}>No agent reaches these: what is said here, people said.</span>
        <GuardedButton
          size="xs"
          variant="default"
          whyNot={whyNotRole}
          onClick={() => void navigate({ to: "/external-points/new" })}
        >
          Add a door by hand
        </GuardedButton>
      </header>
      {doors.length === 0 && (
        <p className={`dimmed small ${hostDoors.none}`}>
          No door by hand yet. A hosted filter, an Exchange server, a list manager, DNS: add what takes in mail and has
          no agent, with the steps to stop it there.
        </p>
      )}
      {doors.map((door) => (
        <ByHandRow key={door.id} door={door} />
      ))}
    </section>
  );
}

function ByHandRow({ door }: { door: ExternalPointView }) {
  const state = byHandState(door);
  return (
    <div className={doorRow.row}>
      <IconListCheck size={18} aria-hidden="true" className="dimmed" />
      <div className={doorRow.what}>
        <Link to="/external-points/$externalPointId" params={{ externalPointId: door.id }} className={doorRow.label}>
          {door.name}
        </Link>
        <div className="tiny dimmed">{door.role ?? "no role"} · by hand</div>
      </div>
      <div className={doorRow.state}>
        {state === null ? (
          <span className="small dimmed">{door.mechanisms.length === 0 ? "No steps yet" : "Not said to be on"}</span>
        ) : (
          <RunMark {...state} />
        )}
      </div>
      <ul className={styles.said} aria-label={`Said of ${door.name}`}>
        {standingRuns(door).map((run) => (
          <li key={run.id}>
            {effectWords[run.effect].name}: {run.mechanismName}
            <div className="tiny dimmed">
              <RunSaid run={run} />
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}
