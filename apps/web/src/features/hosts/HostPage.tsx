import { type HostView, hostViewSchema } from "@mailbrake/contract";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { blockPointsQuery, hostQuery } from "../../api/queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { DoorState } from "../../ui/DoorState.tsx";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { HostLink } from "../../ui/HostLink.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Moment } from "../../ui/Moment.tsx";
import panels from "../../ui/Panels.module.css";
import { useWhyNotRole } from "../access/use-session.ts";
import { doorInWords } from "../board/door-words.ts";
import { listensInWords } from "../catalogue/listens-in-words.ts";
import { clockInWords } from "./clock-in-words.ts";
import { Fingerprint } from "./Fingerprint.tsx";
import { InstanceRow } from "./InstanceRow.tsx";
import { PinKey } from "./PinKey.tsx";
import { RemoveHostDialog } from "./RemoveHostDialog.tsx";
import { Surroundings } from "./Surroundings.tsx";

const route = getRouteApi("/signed-in/hosts/$hostId");
const discoverTimeoutMs = 60_000;

export function HostPage() {
  const { hostId } = route.useParams();
  const host = useQuery(hostQuery(hostId));
  return (
    <Loaded query={host} what="Host">
      {(found) => <Host key={found.id} host={found} />}
    </Loaded>
  );
}

function Host({ host }: { host: HostView }) {
  const queryClient = useQueryClient();
  const whyNotOperator = useWhyNotRole("operator");
  const whyNotAdmin = useWhyNotRole("admin");
  const [removing, setRemoving] = useState(false);
  const discover = useMutation({
    mutationFn: () =>
      send("POST", `/api/hosts/${host.id}/discover`, {}, hostViewSchema, { timeoutMs: discoverTimeoutMs }),
    onSuccess: (fresh) => {
      queryClient.setQueryData(hostQuery(host.id).queryKey, fresh);
      void queryClient.invalidateQueries({ queryKey: blockPointsQuery.queryKey });
    },
  });
  const notConnected = host.link === "connected" ? null : "The host is not connected.";
  return (
    <>
      <PageHeader
        title={host.name}
        above={<Link to="/hosts">Hosts</Link>}
        below={
          <HostLink
            link={host.link}
            detail={host.linkDetail}
            nextAttemptAt={host.nextAttemptAt}
            lastSeenAt={host.lastSeenAt}
          />
        }
        actions={
          <>
            <GuardedButton
              variant="default"
              whyNot={whyNotOperator ?? notConnected}
              loading={discover.isPending}
              onClick={() => discover.mutate()}
            >
              Discover now
            </GuardedButton>
            <GuardedButton variant="default" whyNot={whyNotAdmin} onClick={() => setRemoving(true)}>
              Remove…
            </GuardedButton>
          </>
        }
      />
      {discover.isError && <ErrorNotice error={discover.error} title="Not discovered" />}
      {host.link === "key-changed" && <PinKey host={host} />}
      <Facts
        facts={[
          ["Address", `${host.address}:${host.port}, as ${host.user}`],
          ["System", host.os],
          ["Agent", host.agentVersion ?? "not seen yet"],
          ["Clock", clockInWords(host.clockSkewSeconds).words],
          ["Discovered", host.discoveredAt === null ? "not yet" : <Moment at={host.discoveredAt} />],
          ["Enrolled", <Moment key="enrolled" at={host.enrolledAt} />],
          ["Pinned key", <Fingerprint key="key" fingerprint={host.fingerprint} />],
        ]}
      />
      <div className={panels.stack}>
        <section className={`${panels.panel} ${panels.rows}`} aria-labelledby="instances">
          <h2 id="instances" className={panels.title} style={{ padding: "14px 16px 0" }}>
            Instances
          </h2>
          {host.instances.length === 0 && <p className={`${panels.row} dimmed`}>No mail system found yet.</p>}
          {host.instances.map((instance) => (
            <InstanceRow key={instance.id} instance={instance} host={host} />
          ))}
        </section>
        <BlockPoints hostId={host.id} />
        <Surroundings hostId={host.id} />
      </div>
      <RemoveHostDialog host={host} opened={removing} onClose={() => setRemoving(false)} />
    </>
  );
}

function BlockPoints({ hostId }: { hostId: string }) {
  const points = useQuery(blockPointsQuery);
  return (
    <section className={`${panels.panel} ${panels.rows}`} aria-labelledby="block-points">
      <h2 id="block-points" className={panels.title} style={{ padding: "14px 16px 0" }}>
        Block points
      </h2>
      <Loaded query={points} what="Block points">
        {(all) => {
          const here = all.filter((point) => point.hostId === hostId);
          if (here.length === 0) return <p className={`${panels.row} dimmed`}>None discovered yet.</p>;
          return here.map((point) => (
            <div key={point.id} className={panels.row}>
              <div className={panels.grow}>
                <Link to="/block-points/$blockPointId" params={{ blockPointId: point.id }}>
                  {point.label}
                </Link>
                <div className="tiny dimmed">
                  {[point.kind, point.role ?? "", listensInWords(point), point.instance]
                    .filter((words) => words !== "")
                    .join(" · ")}
                </div>
              </div>
              <DoorState door={point.door} words={doorInWords(point)} />
            </div>
          ));
        }}
      </Loaded>
    </section>
  );
}
