import styles from "./Wordmark.module.css";

export function Wordmark() {
  return (
    <span className={styles.wordmark}>
      <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
        <rect width="32" height="32" rx="7" className={styles.block} />
        <path d="M7 11h18v11H7z M7 12l9 6 9-6" className={styles.line} />
      </svg>
      Mailbrake
    </span>
  );
}
