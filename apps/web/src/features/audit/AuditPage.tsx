import type { AuditEvent } from "@mailbrake/contract";
import { Button, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { auditPagesQuery } from "../../api/queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { AuditDetail } from "./AuditDetail.tsx";
import styles from "./AuditPage.module.css";
import { type AuditSearch, parseAuditSearch } from "./audit-search.ts";
import { ChainBadge } from "./ChainBadge.tsx";

const route = getRouteApi("/signed-in/audit");

/** Who blocked what and why; newest first. */
export function AuditPage() {
  const { event: openSequence, ...filter } = route.useSearch();
  const navigate = route.useNavigate();
  const pages = useInfiniteQuery(auditPagesQuery(filter));
  const filtered = Object.keys(filter).length > 0;
  const open = (sequence: number) =>
    void navigate({
      search: ({ event: _, ...rest }) => (sequence === openSequence ? rest : { ...rest, event: sequence }),
      replace: true,
      resetScroll: false,
    });
  return (
    <>
      <PageHeader title="Audit" below="Who did what, to what, and why. Newest first." actions={<ChainBadge />} />
      <AuditFilters key={JSON.stringify(filter)} filter={filter} />
      {pages.isError && (
        <ErrorNotice error={pages.error} title="Audit: not refreshed" onRetry={() => void pages.refetch()} />
      )}
      {pages.isPending && <p className="dimmed">Loading…</p>}
      {pages.data?.length === 0 && (
        <p className="dimmed">{filtered ? "Nothing fits these filters." : "Nothing yet."}</p>
      )}
      {pages.data !== undefined && pages.data.length > 0 && (
        <ol className={`panel ${styles.list}`} aria-label="Audit events">
          {pages.data.map((event) => (
            <EventRow key={event.sequence} event={event} isOpen={event.sequence === openSequence} onToggle={open} />
          ))}
        </ol>
      )}
      {pages.hasNextPage && (
        <Button variant="default" mt="md" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Show older ones
        </Button>
      )}
    </>
  );
}

interface EventRowProps {
  event: AuditEvent;
  isOpen: boolean;
  onToggle: (sequence: number) => void;
}

function EventRow({ event, isOpen, onToggle }: EventRowProps) {
  return (
    <li className={styles.event}>
      <button type="button" className={styles.row} aria-expanded={isOpen} onClick={() => onToggle(event.sequence)}>
        <span className={styles.when}>
          <Moment at={event.at} />
        </span>
        <span className={styles.summary}>{event.summary}</span>
        <span className={styles.who}>
          {event.actor.name}
          {event.actor.kind !== "user" && <span className="dimmed"> ({event.actor.kind})</span>}
        </span>
        <code className={styles.action}>{event.action}</code>
      </button>
      {isOpen && <AuditDetail event={event} />}
    </li>
  );
}

const filterFields = [
  { key: "text", label: "Words", placeholder: "summary, target or who" },
  { key: "actor", label: "Who", placeholder: "name or id" },
  { key: "action", label: "Action", placeholder: "brake.asked" },
  { key: "target", label: "Target", placeholder: "brake:… or host:…" },
] as const;

function AuditFilters({ filter }: { filter: AuditSearch }) {
  const navigate = route.useNavigate();
  const [draft, setDraft] = useState<Record<string, string>>(() =>
    Object.fromEntries(filterFields.map(({ key }) => [key, filter[key] ?? ""])),
  );
  const used = filterFields.some(({ key }) => filter[key] !== undefined);
  return (
    <search aria-label="Filter audit events">
      <form
        className={styles.filters}
        onSubmit={(event) => {
          event.preventDefault();
          const trimmed = Object.fromEntries(Object.entries(draft).map(([key, value]) => [key, value.trim()]));
          void navigate({ search: parseAuditSearch(trimmed) });
        }}
      >
        {filterFields.map(({ key, label, placeholder }) => (
          <TextInput
            key={key}
            size="xs"
            label={label}
            placeholder={placeholder}
            value={draft[key] ?? ""}
            onChange={(event) => {
              const { value } = event.currentTarget;
              setDraft((before) => ({ ...before, [key]: value }));
            }}
          />
        ))}
        <div className={styles.filterActions}>
          <Button type="submit" size="xs" variant="default">
            Filter
          </Button>
          {used && (
            <Button size="xs" variant="subtle" color="gray" onClick={() => void navigate({ search: {} })}>
              Clear
            </Button>
          )}
        </div>
      </form>
    </search>
  );
}
