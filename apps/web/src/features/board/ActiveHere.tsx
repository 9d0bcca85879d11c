import type { ApplicationState, BlockPointView } from "@mailbrake/contract";
import { applicationStates } from "@mailbrake/contract";
import { stateInWords } from "@mailbrake/domain";
import { Link } from "@tanstack/react-router";
import { Countdown } from "../../ui/Countdown.tsx";
import { effectWords } from "../brakes/effect-words.ts";
import styles from "./ActiveHere.module.css";

type ActiveSummary = BlockPointView["active"][number];

const knownState = (state: string): ApplicationState | undefined => applicationStates.find((one) => one === state);

function words(active: ActiveSummary): string {
  const state = knownState(active.state);
  return state === undefined ? active.state : stateInWords({ state, wanted: active.wanted, endedHow: null });
}

/** The brakes that stand at one block point, each with its state in words and its time. */
export function ActiveHere({ point }: { point: BlockPointView }) {
  if (point.active.length === 0) return <div />;
  return (
    <ul className={styles.list} aria-label={`Brakes on ${point.label} of ${point.hostName}`}>
      {point.active.map((active) => (
        <li key={active.applicationId} className={styles.item}>
          <Link to="/brakes/$brakeId" params={{ brakeId: active.brakeId }} className={styles.what}>
            {effectWords[active.effect].name} {active.match}
          </Link>
          <span className="tiny dimmed">
            {words(active)} · <Countdown expiresAt={active.expiresAt} short />
          </span>
        </li>
      ))}
    </ul>
  );
}
