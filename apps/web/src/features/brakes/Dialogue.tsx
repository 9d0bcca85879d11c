import type { DialogueLine } from "@mailbrake/contract";
import styles from "./Dialogue.module.css";

/** An SMTP dialogue as it went: who said what; a refusal (4xx, 5xx) is marked by its shape too. */
export function Dialogue({ lines, hostName }: { lines: readonly DialogueLine[]; hostName: string }) {
  return (
    <ol className={styles.dialogue} aria-label={`SMTP dialogue with ${hostName}`}>
      {lines.map((line, index) => (
        <li key={index} className={styles.line} data-from={line.from} data-refusal={isRefusal(line) || undefined}>
          <span className={styles.who}>{line.from === "client" ? "probe" : hostName}</span>
          <code className={styles.text}>{line.text}</code>
        </li>
      ))}
    </ol>
  );
}

function isRefusal(line: DialogueLine): boolean {
  return line.from === "server" && /^[45]\d\d[ -]/.test(line.text);
}
