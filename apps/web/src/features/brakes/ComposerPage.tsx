import type { BlockPointView } from "@mailbrake/contract";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { blockPointsQuery } from "../../api/queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useWhyNotRole } from "../access/use-session.ts";
import { starterPoints, starters } from "../board/starters.ts";
import { type BrakeDraft, type DraftIssues, effectiveDraft, emptyDraft, orderOfDraft } from "./brake-draft.ts";
import type { ComposerSearch } from "./brake-search.ts";
import { ComposerFields } from "./ComposerFields.tsx";
import { ComposerReview } from "./ComposerReview.tsx";
import { matchList } from "./match-search.ts";

const route = getRouteApi("/signed-in/brake");

/** The one brake composer: fields, then the plan of it, then apply. */
export function ComposerPage() {
  const points = useQuery(blockPointsQuery);
  const whyNotRole = useWhyNotRole("operator");
  if (whyNotRole !== null) {
    return (
      <>
        <PageHeader title="Brake" />
        <Notice>{whyNotRole}</Notice>
      </>
    );
  }
  return (
    <Loaded query={points} what="Entry points">
      {(found) => <Composer points={found} />}
    </Loaded>
  );
}

function startingDraft(search: ComposerSearch, points: readonly BlockPointView[]): BrakeDraft {
  const starter = starters.find(({ id }) => id === search.start);
  if (starter) {
    const ids = starterPoints(starter, points).map(({ id }) => id);
    return emptyDraft(starter.effect, ids);
  }
  const known = new Set(points.map(({ id }) => id));
  const draft = emptyDraft(
    search.effect ?? "tempfail",
    (search.at ?? []).filter((id) => known.has(id)),
  );
  const matches = matchList(search.match);
  return matches.length === 0 ? draft : { ...draft, matches };
}

function Composer({ points }: { points: readonly BlockPointView[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [given, setDraft] = useState(() => startingDraft(search, points));
  const draft = effectiveDraft(given, points);
  const [issues, setIssues] = useState<DraftIssues>({});
  const result = orderOfDraft(draft, points);

  const change = (part: Partial<BrakeDraft>) => {
    setDraft((before) => ({ ...before, ...part }));
    setIssues({});
  };
  const goTo = (step: "plan" | undefined) =>
    void navigate({ search: ({ step: _, ...rest }) => (step === undefined ? rest : { ...rest, step }) });

  if (search.step === "plan" && result.ok) {
    return (
      <ComposerReview
        draft={draft}
        order={result.order}
        points={points}
        onChange={change}
        onBack={() => goTo(undefined)}
      />
    );
  }
  return (
    <ComposerFields
      draft={draft}
      points={points}
      issues={issues}
      onChange={change}
      onPlan={() => {
        if (result.ok) goTo("plan");
        else setIssues(result.issues);
      }}
    />
  );
}
