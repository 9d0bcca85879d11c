import type { QueueInstance } from "@mailbrake/contract";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { queueInstancesQuery } from "../../api/queue-queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import panels from "../../ui/Panels.module.css";
import { useWhyNotRole } from "../access/use-session.ts";
import { FollowStrip } from "./FollowStrip.tsx";
import { InstanceLink } from "./InstanceLink.tsx";
import styles from "./QueuesPage.module.css";
import { mostFollowed, parseQueuesSearch } from "./queue-search.ts";
import { RecentActions } from "./RecentActions.tsx";

const route = getRouteApi("/signed-in/queues");

/** Every instance that has queues. */
export function QueuesPage() {
  const instances = useQuery(queueInstancesQuery);
  const mayAct = useWhyNotRole("operator") === null;
  return (
    <>
      <PageHeader
        title="Queues"
        below="Mail that waits, at every mail server. Open one for its survey and its messages."
        actions={
          mayAct && (instances.data?.length ?? 0) > 0 ? (
            <LinkButton to="/queues/act" variant="default">
              Queue action…
            </LinkButton>
          ) : undefined
        }
      />
      <Loaded query={instances} what="Queues">
        {(found) =>
          found.length === 0 ? (
            <p className="dimmed">No mail server with queues has been found on an enrolled host.</p>
          ) : (
            <Instances instances={found} />
          )
        }
      </Loaded>
      <RecentActions />
    </>
  );
}

function Instances({ instances }: { instances: readonly QueueInstance[] }) {
  const { follow = [] } = route.useSearch();
  const navigate = route.useNavigate();
  const toggle = (id: string) =>
    void navigate({
      search: parseQueuesSearch({ follow: follow.includes(id) ? follow.filter((one) => one !== id) : [...follow, id] }),
      replace: true,
      resetScroll: false,
    });
  return (
    <section className={`${panels.panel} ${panels.rows}`} aria-label="Instances">
      {instances.map((instance) => (
        <InstanceRow
          key={instance.id}
          instance={instance}
          followed={follow.includes(instance.id)}
          full={follow.length >= mostFollowed}
          onToggle={() => toggle(instance.id)}
        />
      ))}
    </section>
  );
}

interface InstanceRowProps {
  instance: QueueInstance;
  followed: boolean;
  full: boolean;
  onToggle: () => void;
}

function InstanceRow({ instance, followed, full, onToggle }: InstanceRowProps) {
  const { hostName, connected, mta } = instance;
  const whyNotFollow = !connected
    ? "The host can't be reached now."
    : full
      ? `At most ${mostFollowed} are followed at once; stop one first.`
      : null;
  return (
    <article className={panels.row} aria-label={`Queues of ${instance.instance} on ${hostName}`}>
      <div className={panels.grow}>
        <h2 className={styles.name}>
          <Link to="/queues/$instanceId" params={{ instanceId: instance.id }}>
            {hostName}
          </Link>
        </h2>
        <div className="small dimmed">
          {mta} · <code className="mono">{instance.instance}</code>
        </div>
        <InstanceLink connected={connected} />
      </div>
      <div className={panels.actions}>
        <GuardedButton
          size="xs"
          variant="default"
          aria-label={`${followed ? "Stop following" : "Follow"} ${instance.instance} on ${hostName}`}
          whyNot={followed ? null : whyNotFollow}
          onClick={onToggle}
        >
          {followed ? "Stop following" : "Follow"}
        </GuardedButton>
        <LinkButton size="xs" variant="default" to="/queues/$instanceId" params={{ instanceId: instance.id }}>
          Open
        </LinkButton>
      </div>
      {followed && (
        <div className={styles.live}>
          <FollowStrip instanceId={instance.id} compact />
        </div>
      )}
    </article>
  );
}
