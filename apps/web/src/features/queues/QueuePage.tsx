import type { QueueInstance } from "@mailbrake/contract";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { queueInstancesQuery } from "../../api/queue-queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Notice } from "../../ui/Notice.tsx";
import viewLinks from "../../ui/Views.module.css";
import { useWhyNotRole } from "../access/use-session.ts";
import { FollowStrip } from "./FollowStrip.tsx";
import { InstanceLink } from "./InstanceLink.tsx";
import { Messages } from "./Messages.tsx";
import { SurveyView } from "./SurveyView.tsx";
import { parseSelectionSearch } from "./selection-search.ts";

const route = getRouteApi("/signed-in/queues/$instanceId");

/** The queue of one instance: its counts live, and below them the survey or the messages. */
export function QueuePage() {
  const { instanceId } = route.useParams();
  const instances = useQuery(queueInstancesQuery);
  return (
    <Loaded query={instances} what="Queue">
      {(found) => {
        const instance = found.find(({ id }) => id === instanceId);
        if (instance === undefined)
          return (
            <>
              <PageHeader title="Queue" above={<Link to="/queues">Queues</Link>} />
              <Notice tone="warn">
                <strong>There is no such queue.</strong>
                <span>It is gone since the last discovery of its host, or it never was.</span>
              </Notice>
            </>
          );
        return <Queue key={instance.id} instance={instance} />;
      }}
    </Loaded>
  );
}

function Queue({ instance }: { instance: QueueInstance }) {
  const search = route.useSearch();
  const { instanceId } = route.useParams();
  const mayAct = useWhyNotRole("operator") === null;
  const { view, message: _, ...selection } = search;
  return (
    <>
      <PageHeader
        title={`Queue of ${instance.hostName}`}
        above={<Link to="/queues">Queues</Link>}
        below={
          <>
            {instance.mta} · <code className="mono">{instance.instance}</code>{" "}
            <InstanceLink connected={instance.connected} />
          </>
        }
        actions={
          mayAct ? (
            <LinkButton
              variant="default"
              to="/queues/act"
              search={{ ...parseSelectionSearch({ ...selection }), at: [instance.id] }}
            >
              Queue action…
            </LinkButton>
          ) : undefined
        }
      />
      <FollowStrip instanceId={instance.id} />
      <nav className={viewLinks.views} aria-label="What of the queue">
        <Link
          to="/queues/$instanceId"
          params={{ instanceId }}
          search={selection}
          className={viewLinks.view}
          activeOptions={{ exact: true, includeSearch: true }}
          aria-current={view === undefined ? "page" : undefined}
        >
          Survey
        </Link>
        <Link
          to="/queues/$instanceId"
          params={{ instanceId }}
          search={{ ...selection, view: "messages" }}
          className={viewLinks.view}
          activeOptions={{ exact: true, includeSearch: true }}
          aria-current={view === "messages" ? "page" : undefined}
        >
          Messages
        </Link>
      </nav>
      {view === "messages" ? (
        <Messages instance={instance} search={search} mayAct={mayAct} />
      ) : (
        <SurveyView instance={instance} mayAct={mayAct} />
      )}
    </>
  );
}
