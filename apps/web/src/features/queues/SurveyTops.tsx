import type { SurveyView } from "@mailbrake/contract";
import { formatMatch, isEntryPoint } from "@mailbrake/domain";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { blockPointsQuery } from "../../api/queries.ts";
import { LinkButton } from "../../ui/LinkButton.tsx";
import panels from "../../ui/Panels.module.css";
import { useNow } from "../../ui/use-now.ts";
import { ageInWords, countInWords, senderInWords } from "./queue-words.ts";
import styles from "./Survey.module.css";
import { matchOfTop, type TopRow, topTitles } from "./survey-tables.ts";

const shownFirst = 6;

/** Who and what there is most of. Each leads to its messages, and to a brake on it. */
export function SurveyTops({ survey, mayAct }: { survey: SurveyView; mayAct: boolean }) {
  const points = useQuery({ ...blockPointsQuery, enabled: mayAct });
  const doors = (points.data ?? [])
    .filter((point) => point.instanceId === survey.instanceId && point.door !== "gone" && isEntryPoint(point))
    .map(({ id }) => id);
  return survey.tops
    .filter(({ rows }) => rows.length > 0)
    .map((top) => <Top key={top.of} top={top} survey={survey} doors={mayAct ? doors : null} />);
}

interface TopProps {
  top: SurveyView["tops"][number];
  survey: SurveyView;
  /** Where a brake on it would be offered; null where none is. */
  doors: string[] | null;
}

function Top({ top, survey, doors }: TopProps) {
  const [all, setAll] = useState(false);
  const rows = all ? top.rows : top.rows.slice(0, shownFirst);
  const most = Math.max(1, ...top.rows.map(({ messages }) => messages));
  const title = topTitles[top.of];
  return (
    <section className={panels.panel} data-wide={top.of === "reason" || undefined} aria-label={title}>
      <h2 className={panels.title}>{title}</h2>
      <ol className={styles.tops}>
        {rows.map((row) => (
          <TopLine key={row.value} of={top.of} row={row} most={most} survey={survey} doors={doors} />
        ))}
      </ol>
      {top.rows.length > shownFirst && (
        <button type="button" className={styles.more} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show fewer" : `Show all ${top.rows.length}`}
        </button>
      )}
    </section>
  );
}

interface TopLineProps extends Pick<TopProps, "survey" | "doors"> {
  of: TopProps["top"]["of"];
  row: TopRow;
  most: number;
}

function TopLine({ of, row, most, survey, doors }: TopLineProps) {
  const now = useNow(30_000);
  const match = matchOfTop(of, row.value);
  const words = of === "sender" ? senderInWords(row.value) : row.value;
  return (
    <li className={styles.top}>
      <span className={styles.bar} style={{ width: `${(100 * row.messages) / most}%` }} aria-hidden="true" />
      <span className={of === "reason" ? styles.reason : `${styles.value} mono`}>
        {words}
        {row.value === "" && of === "sender" && <span className="dimmed"> (bounces)</span>}
      </span>
      <span className={styles.count}>
        {countInWords(row.messages)} <span className="tiny dimmed">oldest {ageInWords(row.oldest, now)}</span>
      </span>
      {match !== null && (
        <span className={styles.topActions}>
          <LinkButton
            size="compact-xs"
            variant="default"
            aria-label={`Show these messages: ${of === "client" ? "client" : of} ${words}`}
            to="/queues/$instanceId"
            params={{ instanceId: survey.instanceId }}
            search={{ view: "messages", match: [formatMatch(match)] }}
          >
            Messages
          </LinkButton>
          {doors !== null && (
            <LinkButton
              size="compact-xs"
              variant="default"
              aria-label={`Brake this: ${of} ${words}`}
              to="/brake"
              search={{ match: [formatMatch(match)], ...(doors.length === 0 ? {} : { at: doors }) }}
            >
              Brake…
            </LinkButton>
          )}
        </span>
      )}
    </li>
  );
}
