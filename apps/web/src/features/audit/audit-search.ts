import type { AuditFilter } from "../../api/queries.ts";
import { boundedText } from "../../ui/search-values.ts";

export interface AuditSearch extends AuditFilter {
  /** The event whose detail is open. */
  event?: number;
}

export function parseAuditSearch(search: Record<string, unknown>): AuditSearch {
  return {
    ...boundedText(search, "actor", 120),
    ...boundedText(search, "action", 80),
    ...boundedText(search, "target", 120),
    ...boundedText(search, "text", 200),
    ...(typeof search.event === "number" ? { event: search.event } : {}),
  };
}
