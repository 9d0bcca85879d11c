import { LinkButton } from "../../ui/LinkButton.tsx";
import styles from "./Messages.module.css";
import { actionWords, heldOnly, orderableActions } from "./queue-words.ts";
import type { SelectionSearch } from "./selection-search.ts";

/** What may be done with the whole selection, shown or not; each begins with a count. */
export function MessageActions({ instanceId, search }: { instanceId: string; search: SelectionSearch }) {
  return (
    <nav className={styles.actions} aria-label="Act on this selection">
      <span className="small">All of the selection:</span>
      {orderableActions.map((action) => (
        <LinkButton
          key={action}
          size="xs"
          variant="default"
          to="/queues/act"
          search={{ ...search, ...heldOnly(action, search), action, at: [instanceId], step: "preview" }}
          title={actionWords[action].meaning}
        >
          {actionWords[action].name}…
        </LinkButton>
      ))}
    </nav>
  );
}
