import { Link } from "@tanstack/react-router";
import styles from "./Views.module.css";

interface ViewLinksProps<State extends string> {
  to: "/brakes" | "/queues/actions";
  /** What is listed, for screen readers: "Which brakes". */
  label: string;
  views: readonly { state: State | undefined; label: string }[];
  current: State | undefined;
}

/** Links to the views of a list, each with its own address. */
export function ViewLinks<State extends string>({ to, label, views, current }: ViewLinksProps<State>) {
  return (
    <nav className={styles.views} aria-label={label}>
      {views.map((view) => (
        <Link
          key={view.label}
          to={to}
          search={(view.state === undefined ? {} : { state: view.state }) as object}
          className={styles.view}
          activeOptions={{ exact: true, includeSearch: true }}
          aria-current={current === view.state ? "page" : undefined}
        >
          {view.label}
        </Link>
      ))}
    </nav>
  );
}
