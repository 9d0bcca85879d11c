import type { BlockPointView, BrakeView, ExternalPointView, HostView } from "@mailbrake/contract";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { externalPointsQuery } from "../../api/manual-queries.ts";
import { activeBrakesQuery, blockPointsQuery, hostsQuery } from "../../api/queries.ts";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useUser } from "../access/use-session.ts";
import { BrakeRow } from "../brakes/BrakeRow.tsx";
import { ByHandDoors } from "../manual/ByHandDoors.tsx";
import { filterByHand } from "../manual/by-hand-board.ts";
import { BoardFilters } from "./BoardFilters.tsx";
import { BoardHeader } from "./BoardHeader.tsx";
import styles from "./BoardPage.module.css";
import { groupByHost } from "./board-filter.ts";
import { parseBoardSearch } from "./board-search.ts";
import { HostDoors } from "./HostDoors.tsx";
import { SelectionBar } from "./SelectionBar.tsx";
import { StarterBar } from "./StarterBar.tsx";

const route = getRouteApi("/signed-in/");

/** What is braked, what is open, what is not known: the first screen. */
export function BoardPage() {
  const points = useQuery(blockPointsQuery);
  const hosts = useQuery(hostsQuery);
  const brakes = useQuery(activeBrakesQuery);
  const byHand = useQuery(externalPointsQuery);
  return (
    <Loaded query={points} what="Entry points">
      {(found) => (
        <Board
          points={found}
          hosts={hosts.data ?? []}
          brakes={brakes.data}
          byHand={byHand.data}
          failures={[hosts.error, brakes.error, byHand.error]}
        />
      )}
    </Loaded>
  );
}

interface BoardProps {
  points: readonly BlockPointView[];
  hosts: readonly HostView[];
  brakes: readonly BrakeView[] | undefined;
  byHand: readonly ExternalPointView[] | undefined;
  failures: readonly (Error | null)[];
}

function Board({ points, hosts, brakes, byHand, failures }: BoardProps) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const user = useUser();
  const groups = groupByHost(points, hosts, search);
  const filtered = search.text !== undefined || search.role !== undefined || search.door !== undefined;
  const byHandShown = filterByHand(byHand ?? [], search);
  // Not shown as empty while it isn't known, nor where the filters leave none.
  const byHandPanel = byHand !== undefined && (!filtered || byHandShown.length > 0) && (
    <ByHandDoors doors={byHandShown} />
  );
  const selected = new Set(search.selected);
  const select = (ids: readonly string[], on: boolean) => {
    const next = new Set(selected);
    for (const id of ids) {
      if (on) next.add(id);
      else next.delete(id);
    }
    void navigate({
      search: (before) => parseBoardSearch({ ...before, selected: [...next] }),
      replace: true,
      resetScroll: false,
    });
  };
  const failure = failures.find((error) => error !== null);

  return (
    <>
      <BoardHeader points={points} hosts={hosts} byHand={byHand ?? []} />
      {failure !== undefined && <ErrorNotice error={failure} title="Part of the board is not refreshed" />}
      {user.role === "viewer" && (
        <Notice>You are a viewer: you see everything and change nothing. An admin can make you an operator.</Notice>
      )}
      {points.length === 0 && hosts.length === 0 ? (
        <div className={styles.groups}>
          <Notice>
            <strong>No mail host is enrolled yet.</strong>
            <span>Mailbrake finds the entry points of each host that it knows.</span>
            <LinkButton to="/hosts/enrol" mt="xs" size="sm">
              Enrol the first host
            </LinkButton>
          </Notice>
          {byHandPanel}
        </div>
      ) : (
        <>
          <StarterBar points={points} />
          <section className={styles.section} aria-labelledby="active-brakes">
            <h2 id="active-brakes" className="section-title">
              Active brakes{brakes !== undefined && brakes.length > 0 && ` (${brakes.length})`}
            </h2>
            {brakes === undefined && <p className="dimmed small">Loading…</p>}
            {brakes?.length === 0 && <p className="dimmed small">No brake is active.</p>}
            {brakes !== undefined && brakes.length > 0 && (
              <div className={`panel ${styles.list}`}>
                {brakes.map((brake) => (
                  <BrakeRow key={brake.id} brake={brake} />
                ))}
              </div>
            )}
          </section>
          <section className={styles.section} aria-labelledby="entry-points">
            <div className={styles.sectionHead}>
              <h2 id="entry-points" className="section-title">
                Entry points
              </h2>
              <BoardFilters search={search} />
            </div>
            {groups.length === 0 && byHandShown.length === 0 && (
              <p className="dimmed small">No entry point fits these filters.</p>
            )}
            <div className={styles.groups}>
              {groups.map((group) => (
                <HostDoors key={group.hostId} group={group} selected={selected} onSelect={select} />
              ))}
              {byHandPanel}
            </div>
          </section>
          <SelectionBar
            ids={points.filter(({ id }) => selected.has(id)).map(({ id }) => id)}
            onClear={() => select([...selected], false)}
          />
        </>
      )}
    </>
  );
}
