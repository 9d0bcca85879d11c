import { Button } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import styles from "./Messages.module.css";
import { SelectionFields } from "./SelectionFields.tsx";
import { draftOfSearch, type SelectionIssues, searchOfDraft } from "./selection-draft.ts";
import type { SelectionSearch } from "./selection-search.ts";
import { useOwnHolds } from "./use-own-holds.ts";

const route = getRouteApi("/signed-in/queues/$instanceId");

const wide = "(min-width: 800px)";

/** The fields of the selection that the messages page shows; folded away once something is chosen, and on a phone. */
export function SelectionForm({ instanceId, search }: { instanceId: string; search: SelectionSearch }) {
  const navigate = route.useNavigate();
  const holds = useOwnHolds([instanceId]);
  const [draft, setDraft] = useState(() => draftOfSearch(search));
  const [issues, setIssues] = useState<SelectionIssues>({});
  const narrowed = Object.keys(search).length > 0;
  const [startsOpen] = useState(() => !narrowed && window.matchMedia(wide).matches);
  return (
    <details className={styles.form} open={startsOpen}>
      <summary>Which messages</summary>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const read = searchOfDraft(draft);
          setIssues(read.ok ? {} : read.issues);
          if (read.ok) void navigate({ search: { view: "messages", ...read.search }, resetScroll: false });
        }}
      >
        <SelectionFields
          draft={draft}
          issues={issues}
          holds={holds}
          onChange={(part) => {
            setDraft((before) => ({ ...before, ...part }));
            setIssues({});
          }}
        />
        <div className={styles.formFoot}>
          <Button type="submit" size="xs">
            Show these messages
          </Button>
          {narrowed && (
            <Button
              size="xs"
              variant="subtle"
              color="gray"
              onClick={() => void navigate({ search: { view: "messages" }, resetScroll: false })}
            >
              All mail
            </Button>
          )}
        </div>
      </form>
    </details>
  );
}
