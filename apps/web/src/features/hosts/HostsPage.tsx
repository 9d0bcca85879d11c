import type { HostView } from "@mailbrake/contract";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { hostsQuery } from "../../api/queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { HostLink } from "../../ui/HostLink.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import panels from "../../ui/Panels.module.css";
import { useWhyNotRole } from "../access/use-session.ts";
import { clockInWords } from "./clock-in-words.ts";
import { OpenEnrolments } from "./OpenEnrolments.tsx";

export function HostsPage() {
  const hosts = useQuery(hostsQuery);
  const navigate = useNavigate();
  const whyNotRole = useWhyNotRole("admin");
  return (
    <>
      <PageHeader
        title="Hosts"
        actions={
          <GuardedButton whyNot={whyNotRole} onClick={() => void navigate({ to: "/hosts/enrol" })}>
            Enrol a host
          </GuardedButton>
        }
      />
      {whyNotRole === null && <OpenEnrolments />}
      <Loaded query={hosts} what="Hosts">
        {(found) =>
          found.length === 0 ? (
            <p className="dimmed">No host is enrolled yet.</p>
          ) : (
            <div className={`${panels.panel} ${panels.rows}`}>
              {[...found]
                .sort((a, b) => a.name.localeCompare(b.name))
                .map((host) => (
                  <HostRow key={host.id} host={host} />
                ))}
            </div>
          )
        }
      </Loaded>
    </>
  );
}

function HostRow({ host }: { host: HostView }) {
  const clock = clockInWords(host.clockSkewSeconds);
  const mtas = [...new Set(host.instances.map(({ mta, version }) => `${mta} ${version}`))];
  return (
    <article className={panels.row} aria-label={`Host ${host.name}`}>
      <div className={panels.grow}>
        <h2 style={{ fontSize: "1rem", fontWeight: 700 }}>
          <Link to="/hosts/$hostId" params={{ hostId: host.id }}>
            {host.name}
          </Link>
        </h2>
        <HostLink
          link={host.link}
          detail={host.linkDetail}
          nextAttemptAt={host.nextAttemptAt}
          lastSeenAt={host.lastSeenAt}
        />
        {clock.off && (
          <div className="small" style={{ color: "var(--mb-warn-text)", fontWeight: 600 }}>
            {clock.words}
          </div>
        )}
      </div>
      <div className={`${panels.grow} small dimmed`}>
        <div>
          {mtas.length === 0 ? "no mail system found yet" : mtas.join(", ")}
          {host.instances.length > 1 && `, ${host.instances.length} instances`}
        </div>
        <div>
          {host.blockPointCount} block points · {host.activeApplicationCount} braked
        </div>
        <div>
          {host.address}:{host.port} · agent {host.agentVersion ?? "not seen yet"}
        </div>
      </div>
    </article>
  );
}
