import type { ReactNode } from "react";
import styles from "./EntranceLayout.module.css";
import { Wordmark } from "./Wordmark.tsx";

/** The pages before one is signed in. */
export function EntranceLayout({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className={styles.page}>
      <div className={styles.box}>
        <Wordmark />
        <div className={`panel ${styles.panel}`}>
          <h1 className={styles.title}>{title}</h1>
          {children}
        </div>
        <p className="tiny dimmed">
          Is Mailbrake itself down? On a mail host, root can look and lift with{" "}
          <code className="mono">mailbrake-agent status</code> and <code className="mono">mailbrake-agent lift</code>.
        </p>
      </div>
    </main>
  );
}
