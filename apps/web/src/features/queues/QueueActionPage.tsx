import type { QueueActionView } from "@mailbrake/contract";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { queueActionQuery } from "../../api/queue-queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { useWhyNotRole } from "../access/use-session.ts";
import standingStyles from "../brakes/BrakePage.module.css";
import { JobCard } from "./JobCard.tsx";
import { actionStanding } from "./job-progress.ts";
import { QueueActionButtons } from "./QueueActionButtons.tsx";
import { actionInWords, actionWords } from "./queue-words.ts";
import { ratesOfAction } from "./release-in-words.ts";

const route = getRouteApi("/signed-in/queues/actions/$queueActionId");

/** Beside the live events, which tell of each step that the server sees. */
const movingRefreshMs = 1_500;

export function QueueActionPage() {
  const { queueActionId } = route.useParams();
  const action = useQuery({
    ...queueActionQuery(queueActionId),
    refetchInterval: ({ state }) => (state.data?.ended === true ? 30_000 : movingRefreshMs),
  });
  return (
    <Loaded query={action} what="Queue action">
      {(found) => <Action key={found.id} action={found} />}
    </Loaded>
  );
}

function Action({ action }: { action: QueueActionView }) {
  const standing = actionStanding(action);
  const mayAct = useWhyNotRole("operator") === null;
  const { name } = actionWords[action.action];
  const rates = ratesOfAction(action);
  return (
    <>
      <PageHeader
        title={actionInWords(action.action, action.selection)}
        documentTitle={`${name} queued mail`}
        above={
          <>
            <Link to="/queues/actions">Queue actions</Link> / {action.ref}
          </>
        }
        actions={mayAct ? <QueueActionButtons action={action} /> : undefined}
      />
      <div
        className={standingStyles.standing}
        data-tone={
          action.ended && standing.tone === "settled" ? undefined : standing.tone === "trouble" ? "trouble" : "moving"
        }
        data-over={(action.ended && standing.tone === "settled") || undefined}
        role="status"
      >
        <span className={standingStyles.words}>{standing.words}</span>
        <span>{action.ended ? "Ended" : "In progress"}</span>
      </div>
      <Facts
        facts={[
          ["Reason", action.reason],
          [
            "By",
            <>
              {action.createdBy}, <Moment at={action.createdAt} />
            </>,
          ],
          ["How fast", rates === "" ? null : rates],
          [
            "Undoes",
            action.restoreOf === null ? null : (
              <Link to="/queues/actions/$queueActionId" params={{ queueActionId: action.restoreOf }}>
                the delete that it restores
              </Link>
            ),
          ],
        ]}
      />
      <div className={standingStyles.applications}>
        {[...action.jobs]
          .sort((a, b) => a.hostName.localeCompare(b.hostName) || a.instance.localeCompare(b.instance))
          .map((job) => (
            <JobCard key={job.id} job={job} action={action.action} />
          ))}
      </div>
      <p className="small">
        <Link to="/audit" search={{ text: action.ref }}>
          What the audit trail says of this action
        </Link>
      </p>
    </>
  );
}
