import type { QueuedMessage } from "@mailbrake/contract";
import { memo } from "react";
import { useNow } from "../../ui/use-now.ts";
import { MessageDetail } from "./MessageDetail.tsx";
import styles from "./MessageTable.module.css";
import { ageInWords, bytesInWords, queueNameWords, senderInWords } from "./queue-words.ts";

interface MessageTableProps {
  instanceId: string;
  messages: readonly QueuedMessage[];
  openId: string | undefined;
  onOpen: (id: string) => void;
}

const ageRefreshMs = 60_000;

/** Rows are drawn only when they change, and laid out only when they come into sight: a thousand of them scroll as ten do. */
export function MessageTable({ instanceId, messages, openId, onOpen }: MessageTableProps) {
  const now = useNow(ageRefreshMs);
  return (
    <ol className={`panel ${styles.table}`} aria-label="Messages">
      <li className={styles.head} aria-hidden="true">
        <span>Age</span>
        <span>From</span>
        <span>To</span>
        <span>Queue</span>
        <span className={styles.size}>Size</span>
      </li>
      {messages.map((message) => (
        <MessageRow
          key={message.id}
          instanceId={instanceId}
          message={message}
          age={ageInWords(message.arrived, now)}
          isOpen={message.id === openId}
          onOpen={onOpen}
        />
      ))}
    </ol>
  );
}

interface MessageRowProps {
  instanceId: string;
  message: QueuedMessage;
  age: string;
  isOpen: boolean;
  onOpen: (id: string) => void;
}

const MessageRow = memo(function MessageRow({ instanceId, message, age, isOpen, onOpen }: MessageRowProps) {
  const [first = "nobody"] = message.recipients;
  return (
    <li className={styles.item} data-open={isOpen || undefined}>
      <button type="button" className={styles.row} aria-expanded={isOpen} onClick={() => onOpen(message.id)}>
        <span className={styles.age}>{age}</span>
        <span className={`${styles.from} mono`}>{senderInWords(message.sender)}</span>
        <span className={`${styles.to} mono`}>
          {first}
          {message.recipientCount > 1 && <span className="dimmed"> +{message.recipientCount - 1}</span>}
        </span>
        <span className={styles.queue}>
          {queueNameWords[message.queue]}
          {message.held !== "" && (
            <span className="tiny dimmed"> {message.held === "admin" ? "by hand" : "by us"}</span>
          )}
        </span>
        <span className={styles.size}>{bytesInWords(message.size)}</span>
        {message.reason !== "" && <span className={styles.reason}>{message.reason}</span>}
      </button>
      {isOpen && <MessageDetail instanceId={instanceId} message={message} />}
    </li>
  );
});
