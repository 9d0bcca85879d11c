import styles from "./Fingerprint.module.css";

/** A fingerprint in groups of eight, so that two can be compared by eye; copies as one. */
export function Fingerprint({ fingerprint }: { fingerprint: string }) {
  const [kind, value = ""] = fingerprint.split(":");
  const groups = value.match(/.{1,8}/g) ?? [];
  return (
    <code className={styles.fingerprint}>
      <span className={styles.kind}>{kind}:</span>
      {groups.map((group, index) => (
        <span key={index} className={styles.group}>
          {group}
        </span>
      ))}
    </code>
  );
}
