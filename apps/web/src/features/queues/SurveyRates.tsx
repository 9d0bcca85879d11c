import type { SurveyView } from "@mailbrake/contract";
import { durationInWords } from "../../ui/format-time.ts";
import { Moment } from "../../ui/Moment.tsx";
import panels from "../../ui/Panels.module.css";
import { countInWords } from "./queue-words.ts";
import styles from "./Survey.module.css";
import { rateInWords, ratesPerMinute } from "./survey-tables.ts";

/** In and out a minute, from the end of the log. */
export function SurveyRates({ survey }: { survey: SurveyView }) {
  const rates = ratesPerMinute(survey.rates);
  return (
    <section className={panels.panel} aria-labelledby="rates">
      <h2 id="rates" className={panels.title}>
        In and out, a minute
      </h2>
      {rates === null || survey.rates === null ? (
        <p className={styles.none}>The log of this mail server says nothing of it.</p>
      ) : (
        <>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col" className={styles.right}>
                  A minute
                </th>
                <th scope="col" className={styles.right}>
                  In all
                </th>
              </tr>
            </thead>
            <tbody>
              {rates.rows.map(({ name, count, perMinute }) => (
                <tr key={name} data-none={count === 0 || undefined}>
                  <th scope="row">{name}</th>
                  <td className={styles.right}>{rateInWords(perMinute)}</td>
                  <td className={styles.right}>{countInWords(count)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className="tiny dimmed" style={{ margin: "8px 0 0" }}>
            From the last {durationInWords(survey.rates.to - survey.rates.from)} of the log, until{" "}
            <Moment at={new Date(survey.rates.to * 1_000).toISOString()} />
          </p>
        </>
      )}
    </section>
  );
}
