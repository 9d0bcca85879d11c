import { type ReactNode, useEffect } from "react";
import styles from "./PageHeader.module.css";

interface PageHeaderProps {
  title: ReactNode;
  /** For the browser's tab, where `title` isn't plain text. */
  documentTitle?: string;
  above?: ReactNode;
  below?: ReactNode;
  actions?: ReactNode;
}

export function PageHeader({ title, documentTitle, above, below, actions }: PageHeaderProps) {
  const tabTitle = documentTitle ?? (typeof title === "string" ? title : "");
  useEffect(() => {
    document.title = tabTitle === "" ? "Mailbrake" : `${tabTitle} · Mailbrake`;
  }, [tabTitle]);
  return (
    <header className={styles.header}>
      <div className={styles.words}>
        {above !== undefined && <div className={styles.above}>{above}</div>}
        <h1 className={styles.title}>{title}</h1>
        {below !== undefined && <div className={styles.below}>{below}</div>}
      </div>
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </header>
  );
}
