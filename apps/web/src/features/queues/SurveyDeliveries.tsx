import type { SurveyView } from "@mailbrake/contract";
import { useState } from "react";
import { Moment } from "../../ui/Moment.tsx";
import panels from "../../ui/Panels.module.css";
import { senderInWords } from "./queue-words.ts";
import styles from "./Survey.module.css";

const shownFirst = 6;

/** The last attempts of the log, from and to in one line; newest first. */
export function SurveyDeliveries({ survey }: { survey: SurveyView }) {
  const [all, setAll] = useState(false);
  const newest = [...survey.joined].sort((a, b) => b.at - a.at);
  if (newest.length === 0) return null;
  return (
    <section className={panels.panel} data-wide aria-labelledby="deliveries">
      <h2 id="deliveries" className={panels.title}>
        Last deliveries
      </h2>
      <ol className={styles.list}>
        {(all ? newest : newest.slice(0, shownFirst)).map((one, index) => (
          <li key={`${one.id} ${one.recipient} ${one.at} ${index}`}>
            <span className={styles.age}>
              <Moment at={new Date(one.at * 1_000).toISOString()} />
            </span>
            <span className={styles.what}>
              <strong data-status={one.status} className={styles.status}>
                {one.status}
              </strong>{" "}
              <span className="mono">{senderInWords(one.sender)}</span> to <span className="mono">{one.recipient}</span>
              {one.client !== "" && <span className="dimmed"> by {one.client}</span>}
              <span className={styles.detail}>
                {one.id}
                {one.detail !== "" && `: ${one.detail}`}
              </span>
            </span>
          </li>
        ))}
      </ol>
      {newest.length > shownFirst && (
        <button type="button" className={styles.more} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show fewer" : `Show all ${newest.length}`}
        </button>
      )}
    </section>
  );
}
