import type { HostLinkState } from "@mailbrake/contract";
import { IconAlertTriangle, IconKeyOff, IconPlugConnected, IconPlugConnectedX } from "@tabler/icons-react";
import { durationInWords } from "./format-time.ts";
import styles from "./HostLink.module.css";
import { Moment } from "./Moment.tsx";
import { useNow } from "./use-now.ts";

interface HostLinkProps {
  link: HostLinkState;
  /** The server's words: what is being tried. */
  detail: string;
  nextAttemptAt: string | null;
  lastSeenAt: string | null;
}

const kinds = {
  connected: { words: "Connected", Mark: IconPlugConnected },
  connecting: { words: "Connecting", Mark: IconAlertTriangle },
  unreachable: { words: "Unreachable", Mark: IconPlugConnectedX },
  "key-changed": { words: "Host key changed, stopped", Mark: IconKeyOff },
} as const;

/** How Mailbrake stands to a host: the word first, and, where it isn't connected, what is being tried and when next. */
export function HostLink({ link, detail, nextAttemptAt, lastSeenAt }: HostLinkProps) {
  const { words, Mark } = kinds[link];
  return (
    <span className={styles.link} data-link={link}>
      <span className={styles.word}>
        <Mark size={15} aria-hidden="true" />
        {words}
      </span>
      {link !== "connected" && (
        <span className={styles.detail}>
          {detail}
          {nextAttemptAt !== null && <NextAttempt at={nextAttemptAt} />}
          {lastSeenAt !== null && (
            <>
              {" · last seen "}
              <Moment at={lastSeenAt} />
            </>
          )}
        </span>
      )}
    </span>
  );
}

function NextAttempt({ at }: { at: string }) {
  const seconds = (new Date(at).getTime() - useNow(1_000)) / 1_000;
  return <> · {seconds <= 0 ? "trying now" : `next attempt in ${durationInWords(seconds)}`}</>;
}
