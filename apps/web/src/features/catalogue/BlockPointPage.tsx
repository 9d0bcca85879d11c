import type { BlockPointDetail } from "@mailbrake/contract";
import { hasQueues } from "@mailbrake/domain";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { blockPointQuery, brakePagesQuery } from "../../api/queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { DoorState } from "../../ui/DoorState.tsx";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { HostLink } from "../../ui/HostLink.tsx";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Moment } from "../../ui/Moment.tsx";
import panels from "../../ui/Panels.module.css";
import { useWhyNotRole } from "../access/use-session.ts";
import { doorInWords } from "../board/door-words.ts";
import { BrakeRow } from "../brakes/BrakeRow.tsx";
import { listensInWords } from "./listens-in-words.ts";
import { Mechanisms } from "./Mechanisms.tsx";
import { RoleField } from "./RoleField.tsx";
import { Runbook } from "./Runbook.tsx";

const route = getRouteApi("/signed-in/block-points/$blockPointId");

/** One block point: what it is, every way to block here, by hand too, the runbook, and its history. */
export function BlockPointPage() {
  const { blockPointId } = route.useParams();
  const point = useQuery(blockPointQuery(blockPointId));
  return (
    <Loaded query={point} what="Block point">
      {(found) => <BlockPoint key={found.id} point={found} />}
    </Loaded>
  );
}

function BlockPoint({ point }: { point: BlockPointDetail }) {
  const navigate = useNavigate();
  const whyNotRole = useWhyNotRole("operator");
  const whyNot = point.door === "gone" ? "It was not there at the last discovery." : whyNotRole;
  return (
    <>
      <PageHeader
        title={`${point.label} on ${point.hostName}`}
        above={
          <>
            <Link to="/">Board</Link> /{" "}
            <Link to="/hosts/$hostId" params={{ hostId: point.hostId }}>
              {point.hostName}
            </Link>
          </>
        }
        below={<DoorState door={point.door} words={doorInWords(point)} />}
        actions={
          <>
            {hasQueues(point.mta) && (
              <LinkButton
                size="md"
                variant="default"
                to="/queues/$instanceId"
                params={{ instanceId: point.instanceId }}
              >
                Queue
              </LinkButton>
            )}
            <GuardedButton
              size="md"
              variant="filled"
              whyNot={whyNot}
              onClick={() => void navigate({ to: "/brake", search: { at: [point.id] } })}
            >
              Brake…
            </GuardedButton>
          </>
        }
      />
      <Facts
        facts={[
          ["Kind", point.kind === "delivery" ? "delivery (outgoing side)" : point.kind],
          ["Listens", point.listens.length === 0 ? null : <code className="mono">{listensInWords(point)}</code>],
          ["Host", <HostLink key="link" link={point.hostLink} detail="" nextAttemptAt={null} lastSeenAt={null} />],
          [
            "Instance",
            <code key="instance" className="mono">
              {point.instance}
            </code>,
          ],
          ["Armed", point.armed ? "yes: a brake is a change of data alone" : "no: the first brake arms it"],
          ["Seen", <Moment key="seen" at={point.seenAt} />],
        ]}
      />
      {point.kind !== "delivery" && <RoleField point={point} />}
      <div className={panels.stack}>
        <Mechanisms point={point} />
        <Runbook point={point} />
        <History blockPointId={point.id} />
      </div>
    </>
  );
}

function History({ blockPointId }: { blockPointId: string }) {
  const pages = useInfiniteQuery(brakePagesQuery({ state: "all", blockPointId }));
  const brakes = pages.data?.pages.flatMap((page) => page.brakes);
  return (
    <section aria-labelledby="history">
      <h2 id="history" className="section-title" style={{ margin: "10px 0 8px" }}>
        Brakes here
      </h2>
      {pages.isError && <ErrorNotice error={pages.error} title="History: not refreshed" />}
      {brakes?.length === 0 && <p className="dimmed small">None yet.</p>}
      {brakes !== undefined && brakes.length > 0 && (
        <div className={`${panels.panel} ${panels.rows}`}>
          {brakes.map((brake) => (
            <BrakeRow key={brake.id} brake={brake} />
          ))}
        </div>
      )}
      {pages.hasNextPage && (
        <GuardedButton
          variant="default"
          mt="sm"
          whyNot={null}
          loading={pages.isFetchingNextPage}
          onClick={() => void pages.fetchNextPage()}
        >
          Show older ones
        </GuardedButton>
      )}
    </section>
  );
}
