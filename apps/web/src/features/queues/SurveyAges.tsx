import type { SurveyView } from "@mailbrake/contract";
import { Link } from "@tanstack/react-router";
import panels from "../../ui/Panels.module.css";
import { bytesInWords, countInWords, queueNameWords } from "./queue-words.ts";
import styles from "./Survey.module.css";
import { ageTable } from "./survey-tables.ts";

/** Counts by queue and age; each leads to its messages. */
export function SurveyAges({ survey }: { survey: SurveyView }) {
  const { instanceId } = survey;
  const table = ageTable(survey);
  return (
    <section className={panels.panel} aria-labelledby="ages">
      <h2 id="ages" className={panels.title}>
        How long they wait
      </h2>
      {table.total === 0 ? (
        <p className={styles.none}>The queue is empty.</p>
      ) : (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Age</th>
              {table.queues.map(({ queue }) => (
                <th key={queue} scope="col" className={styles.right}>
                  {queueNameWords[queue]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row) => (
              <tr key={row.fromSeconds} data-none={row.total === 0 || undefined}>
                <th scope="row">{row.words}</th>
                {table.queues.map(({ queue }, index) => {
                  const count = row.counts[index] ?? 0;
                  return (
                    <td key={queue} className={styles.right}>
                      {count === 0 ? (
                        <span className="dimmed">0</span>
                      ) : (
                        <Link
                          to="/queues/$instanceId"
                          params={{ instanceId }}
                          search={{
                            view: "messages",
                            queue,
                            ...(row.fromSeconds === 0 ? {} : { older: row.fromSeconds }),
                            ...(row.toSeconds === undefined ? {} : { younger: row.toSeconds }),
                          }}
                          aria-label={`Show ${count} messages, ${queueNameWords[queue]}, ${row.words}`}
                        >
                          {countInWords(count)}
                        </Link>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">All</th>
              {table.queues.map(({ queue, messages, bytes }) => (
                <td key={queue} className={styles.right}>
                  <strong>{countInWords(messages)}</strong>
                  <div className="tiny dimmed">{bytesInWords(bytes)}</div>
                </td>
              ))}
            </tr>
          </tfoot>
        </table>
      )}
    </section>
  );
}
