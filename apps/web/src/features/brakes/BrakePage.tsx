import type { ApplicationView, BrakeView } from "@mailbrake/contract";
import { matchInWords } from "@mailbrake/domain";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { brakeQuery } from "../../api/queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { Countdown } from "../../ui/Countdown.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { useUnreachableHosts } from "../hosts/use-unreachable-hosts.ts";
import { ApplicationCard } from "./ApplicationCard.tsx";
import { BrakeActions } from "./BrakeActions.tsx";
import styles from "./BrakePage.module.css";
import { standingOf } from "./brake-progress.ts";
import { effectWords } from "./effect-words.ts";
import { ratesInWords } from "./rates-in-words.ts";

const route = getRouteApi("/signed-in/brakes/$brakeId");

/** While an order is on its way, ask often beside the live events: proof is waited for. */
const movingRefreshMs = 2_000;

export function BrakePage() {
  const { brakeId } = route.useParams();
  const brake = useQuery({
    ...brakeQuery(brakeId),
    refetchInterval: ({ state }) =>
      state.data !== undefined && standingOf(state.data).tone === "settled" ? 30_000 : movingRefreshMs,
  });
  return (
    <Loaded query={brake} what="Brake">
      {(found) => <Brake brake={found} />}
    </Loaded>
  );
}

const byPlace = (a: ApplicationView, b: ApplicationView) =>
  a.hostName.localeCompare(b.hostName) || a.pointLabel.localeCompare(b.pointLabel);

function Brake({ brake }: { brake: BrakeView }) {
  const standing = standingOf(brake, useUnreachableHosts());
  return (
    <>
      <PageHeader
        title={`${effectWords[brake.effect].name} ${matchInWords(brake.match)}`}
        above={
          <>
            <Link to="/brakes">Brakes</Link> / {brake.ref}
          </>
        }
        actions={brake.ended ? undefined : <BrakeActions brake={brake} size="md" />}
      />
      <div className={styles.standing} data-tone={standing.tone} data-over={brake.ended || undefined} role="status">
        <span className={styles.words}>{standing.words}</span>
        <span>
          {brake.ended ? (
            <>Ended {brake.endedAt !== null && <Moment at={brake.endedAt} />}</>
          ) : brake.wanted === "lifted" ? (
            "Lift asked"
          ) : (
            <Countdown expiresAt={brake.expiresAt} />
          )}
        </span>
      </div>
      <Facts
        facts={[
          ["Reason", brake.reason],
          [
            "By",
            <>
              {brake.createdBy}, <Moment at={brake.createdAt} />
              {brake.origin === "local" && " (by hand on the host)"}
            </>,
          ],
          ["Expires", brake.expiresAt === null ? "not by itself" : <Moment at={brake.expiresAt} />],
          ["Reply text", brake.text === "" ? null : <code className="mono">{brake.text}</code>],
          ["Open sessions", brake.cutSessions ? "cut when it took hold" : null],
          ["At most", brake.throttle === null ? null : ratesInWords(brake.throttle)],
          ["Lifted by", brake.liftedBy === null ? null : `${brake.liftedBy}: “${brake.liftReason ?? ""}”`],
        ]}
      />
      <div className={styles.applications}>
        {[...brake.applications].sort(byPlace).map((application) => (
          <ApplicationCard key={application.id} application={application} brake={brake} />
        ))}
      </div>
      <p className="small">
        <Link to="/audit" search={{ text: brake.ref }}>
          What the audit trail says of this brake
        </Link>
      </p>
    </>
  );
}
