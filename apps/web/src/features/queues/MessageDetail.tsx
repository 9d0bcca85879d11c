import type { QueuedMessage } from "@mailbrake/contract";
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { queuedMessageQuery, readQueuedText } from "../../api/queue-queries.ts";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { useWhyNotRole } from "../access/use-session.ts";
import styles from "./MessageDetail.module.css";
import { bytesInWords, senderInWords } from "./queue-words.ts";

/** One message: what the queue says of it, its headers for operators, its text for admins who ask for it. */
export function MessageDetail({ instanceId, message }: { instanceId: string; message: QueuedMessage }) {
  const mayRead = useWhyNotRole("operator") === null;
  return (
    <div className={styles.detail}>
      <Facts
        facts={[
          [
            "Id",
            <code key="id" className="mono">
              {message.id}
            </code>,
          ],
          ["Arrived", <Moment key="arrived" at={new Date(message.arrived * 1_000).toISOString()} />],
          [
            "From",
            <span key="from" className="mono">
              {senderInWords(message.sender)}
            </span>,
          ],
          [
            message.recipientCount === 1 ? "To" : `To ${message.recipientCount} recipients`,
            <span key="to" className="mono">
              {message.recipients.join(", ")}
              {message.recipientCount > message.recipients.length && " …"}
            </span>,
          ],
          ["Client", message.client === "" ? null : <span className="mono">{message.client}</span>],
          ["Size", bytesInWords(message.size)],
          ["Held", heldInWords(message.held)],
        ]}
      />
      {mayRead ? (
        <Headers instanceId={instanceId} messageId={message.id} />
      ) : (
        <p className="small dimmed">Its headers are for operators.</p>
      )}
    </div>
  );
}

function heldInWords(held: string) {
  if (held === "") return null;
  if (held === "admin") return "by hand on the host";
  return (
    <>
      by Mailbrake, <code className="mono">{held}</code>
    </>
  );
}

function Headers({ instanceId, messageId }: { instanceId: string; messageId: string }) {
  const mayReadText = useWhyNotRole("admin") === null;
  const detail = useQuery(queuedMessageQuery(instanceId, messageId));
  return (
    <>
      {detail.isPending && <p className="small dimmed">Reading its headers…</p>}
      {detail.isError && (
        <ErrorNotice error={detail.error} title="Its headers were not read" onRetry={() => void detail.refetch()} />
      )}
      {detail.data !== undefined && (
        <dl className={styles.headers} aria-label="Headers">
          {detail.data.headers.map((header, index) => (
            <div key={`${index} ${header.name}`}>
              <dt>{header.name}</dt>
              <dd>{header.value}</dd>
            </div>
          ))}
        </dl>
      )}
      {mayReadText && <Text instanceId={instanceId} messageId={messageId} />}
    </>
  );
}

/** Asked for by a click alone, never again by itself: each reading is recorded. */
function Text({ instanceId, messageId }: { instanceId: string; messageId: string }) {
  const read = useMutation({ mutationFn: () => readQueuedText(instanceId, messageId) });
  if (read.data === undefined)
    return (
      <>
        {read.isError && <ErrorNotice error={read.error} title="Its text was not read" />}
        <div className={styles.ask}>
          <Button size="xs" variant="default" loading={read.isPending} onClick={() => read.mutate()}>
            Read its text
          </Button>
          <span className="small dimmed">That you read it is recorded in the audit trail.</span>
        </div>
      </>
    );
  const { body, truncated } = read.data;
  return (
    <>
      <pre className={styles.text}>{body === null || body === "" ? "(no text)" : body}</pre>
      {truncated && <p className="small dimmed">It is longer; this is its beginning.</p>}
    </>
  );
}
