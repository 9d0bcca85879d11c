import type { SurveyView } from "@mailbrake/contract";
import { Link } from "@tanstack/react-router";
import panels from "../../ui/Panels.module.css";
import { useNow } from "../../ui/use-now.ts";
import { ageInWords, messagesInWords, senderInWords } from "./queue-words.ts";
import styles from "./Survey.module.css";
import { matchOfTop, oldestDomains } from "./survey-tables.ts";

const mostShown = 6;

/** What has waited longest: by domain, and message by message. */
export function SurveyOldest({ survey }: { survey: SurveyView }) {
  const now = useNow(30_000);
  const { instanceId } = survey;
  const domains = oldestDomains(survey.tops, mostShown);
  const oldest = survey.oldest.slice(0, mostShown);
  if (oldest.length === 0) return null;
  return (
    <>
      {domains.length > 0 && (
        <section className={panels.panel} aria-labelledby="oldest-domains">
          <h2 id="oldest-domains" className={panels.title}>
            Oldest, by domain
          </h2>
          <ul className={styles.list}>
            {domains.map(({ value, messages, oldest: arrived }) => (
              <li key={value}>
                <strong className={styles.age}>{ageInWords(arrived, now)}</strong>
                <span className={styles.what}>
                  {matchOfTop("recipientDomain", value) === null ? (
                    <span className="mono">{value}</span>
                  ) : (
                    <Link
                      className="mono"
                      to="/queues/$instanceId"
                      params={{ instanceId }}
                      search={{ view: "messages", match: [`recipient:${value}`] }}
                    >
                      {value}
                    </Link>
                  )}{" "}
                  <span className="tiny dimmed">{messagesInWords(messages)}</span>
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section className={panels.panel} aria-labelledby="oldest">
        <h2 id="oldest" className={panels.title}>
          Oldest messages
        </h2>
        <ul className={styles.list}>
          {oldest.map((message) => (
            <li key={message.id}>
              <strong className={styles.age}>{ageInWords(message.arrived, now)}</strong>
              <span className={styles.what}>
                <span className="mono">{senderInWords(message.sender)}</span> to{" "}
                <span className="mono">{message.recipients[0] ?? "nobody"}</span>
                {message.recipientCount > 1 && ` and ${message.recipientCount - 1} more`}
                {message.reason !== "" && <span className="tiny dimmed"> {message.reason}</span>}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}
