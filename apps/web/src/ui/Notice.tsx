import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import styles from "./Notice.module.css";

/** A word to the reader that is not an error of a request. */
export function Notice({ tone = "calm", children }: { tone?: "calm" | "warn" | "bad"; children: ReactNode }) {
  const Icon = tone === "calm" ? IconInfoCircle : IconAlertTriangle;
  return (
    <div className={styles.notice} data-tone={tone}>
      <Icon size={18} aria-hidden="true" className={styles.icon} />
      <div className={styles.body}>{children}</div>
    </div>
  );
}
