import type { BlockPointView } from "@mailbrake/contract";
import { Button, Checkbox } from "@mantine/core";
import { DoorState } from "../../ui/DoorState.tsx";
import { groupByHost } from "../board/board-filter.ts";
import { doorInWords } from "../board/door-words.ts";
import { listensInWords } from "../catalogue/listens-in-words.ts";
import { type BrakeDraft, effectHere, whyNotAt } from "./brake-draft.ts";
import composer from "./Composer.module.css";
import { OtherEffect } from "./OtherEffect.tsx";
import styles from "./WhereFields.module.css";

interface WhereFieldsProps {
  draft: BrakeDraft;
  points: readonly BlockPointView[];
  issue: string | undefined;
  onChange: (part: Pick<BrakeDraft, "blockPointIds"> & Partial<Pick<BrakeDraft, "otherEffects">>) => void;
}

/** Where: the block points that can do this effect with this match; below them the others, each with the reason, and what it can do instead. */
export function WhereFields({ draft, points, issue, onChange }: WhereFieldsProps) {
  const chosen = new Set(draft.blockPointIds);
  const reasons = new Map(points.map((point) => [point.id, whyNotAt(point, draft)]));
  const able = points.filter(({ id }) => reasons.get(id) === null);
  const unable = points.filter(({ id }) => reasons.get(id) !== null);
  const toggle = (id: string, on: boolean) =>
    onChange({ blockPointIds: on ? [...draft.blockPointIds, id] : draft.blockPointIds.filter((one) => one !== id) });
  const inbound = able.filter(({ role }) => role === "inbound-mx" || role === "backup-mx");
  const others = unable.filter((point) => effectHere(point, draft) !== null).length;
  const count = able.filter(({ id }) => chosen.has(id)).length + others;
  return (
    <fieldset className={composer.section} aria-label="Where">
      <div className={styles.head}>
        <span className={styles.title}>
          Where <span className="dimmed small">{count} chosen</span>
        </span>
        <span className={styles.quick}>
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => onChange({ blockPointIds: able.map(({ id }) => id) })}
          >
            All
          </Button>
          {inbound.length > 0 && (
            <Button
              size="compact-xs"
              variant="default"
              onClick={() => onChange({ blockPointIds: inbound.map(({ id }) => id) })}
            >
              All inbound
            </Button>
          )}
          <Button size="compact-xs" variant="default" onClick={() => onChange({ blockPointIds: [] })}>
            None
          </Button>
        </span>
      </div>
      {issue !== undefined && (
        <div className={styles.issue} data-issue tabIndex={-1}>
          {issue}
        </div>
      )}
      {able.length === 0 && <p className="dimmed small">No block point can do this.</p>}
      {groupByHost(able, [], {}).map((group) => (
        <div key={group.hostId} className={styles.host}>
          <div className={styles.hostName}>{group.hostName}</div>
          {group.points.map((point) => (
            <div key={point.id} className={styles.point}>
              <Checkbox
                label={point.label}
                aria-label={`${point.label} on ${point.hostName}`}
                description={[point.role ?? "", listensInWords(point)].filter((words) => words !== "").join(" · ")}
                checked={chosen.has(point.id)}
                onChange={(event) => toggle(point.id, event.currentTarget.checked)}
              />
              <span className={styles.door}>
                {point.hostLink === "connected" ? (
                  point.door !== "open" && <DoorState door={point.door} words={doorInWords(point)} />
                ) : (
                  <span className={styles.late}>host unreachable: braked when it is back</span>
                )}
              </span>
            </div>
          ))}
        </div>
      ))}
      {unable.length > 0 && (
        <details className={styles.unable}>
          <summary>
            {unable.length === 1 ? "1 block point" : `${unable.length} block points`} can't do this
            {others > 0 && `; ${others} of them ${others === 1 ? "does" : "do"} something else instead`}
          </summary>
          {unable.map((point) => (
            <OtherEffect
              key={point.id}
              point={point}
              why={reasons.get(point.id) ?? ""}
              draft={draft}
              onChange={onChange}
            />
          ))}
        </details>
      )}
    </fieldset>
  );
}
