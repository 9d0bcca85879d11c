import type { QueueInstance } from "@mailbrake/contract";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { queueInstancesQuery } from "../../api/queue-queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useWhyNotRole } from "../access/use-session.ts";
import { ActFields } from "./ActFields.tsx";
import { ActReview } from "./ActReview.tsx";
import { type QueueDraft, type QueueDraftIssues, queueDraftOfSearch, queueOrderOfDraft } from "./queue-draft.ts";

const route = getRouteApi("/signed-in/queues/act");

/** A queue action: fields, then the counts of what it would take, then the order. */
export function ActPage() {
  const instances = useQuery(queueInstancesQuery);
  const whyNotRole = useWhyNotRole("operator");
  if (whyNotRole !== null)
    return (
      <>
        <PageHeader title="Queue action" above={<Link to="/queues">Queues</Link>} />
        <Notice>{whyNotRole}</Notice>
      </>
    );
  return (
    <Loaded query={instances} what="Queues">
      {(found) => <Act instances={found} />}
    </Loaded>
  );
}

function Act({ instances }: { instances: readonly QueueInstance[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [draft, setDraft] = useState(() => queueDraftOfSearch(search, instances));
  const [issues, setIssues] = useState<QueueDraftIssues>({});
  const result = queueOrderOfDraft(draft);
  const change = (part: Partial<QueueDraft>) => {
    setDraft((before) => ({ ...before, ...part }));
    setIssues({});
  };
  if (search.step === "preview" && result.ok)
    return (
      <ActReview
        draft={draft}
        order={result.order}
        onChange={change}
        onBack={() => void navigate({ search: result.search })}
      />
    );
  return (
    <ActFields
      draft={draft}
      instances={instances}
      issues={issues}
      onChange={change}
      onPreview={() => {
        if (result.ok) void navigate({ search: { ...result.search, step: "preview" } });
        else setIssues(result.issues);
      }}
    />
  );
}
