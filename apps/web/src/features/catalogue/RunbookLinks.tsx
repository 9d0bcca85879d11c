import type { RunbookLink } from "@mailbrake/contract";
import styles from "./RunbookLinks.module.css";

/** Links to what is written down elsewhere, each with its address in sight. */
export function RunbookLinks({ links }: { links: readonly RunbookLink[] }) {
  return (
    <ul className={styles.links}>
      {links.map((link) => (
        <li key={link.url}>
          <a href={link.url} target="_blank" rel="noreferrer noopener">
            {link.title}
          </a>{" "}
          <span className="tiny dimmed">{link.url}</span>
        </li>
      ))}
    </ul>
  );
}
