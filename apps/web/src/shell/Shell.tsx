import {
  IconActivity,
  IconBook2,
  IconHandStop,
  IconMailPause,
  IconServer2,
  IconUserCircle,
  IconUsers,
} from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";
import { useUser } from "../features/access/use-session.ts";
import { LiveIndicator } from "../live/LiveIndicator.tsx";
import { LiveProvider } from "../live/LiveProvider.tsx";
import styles from "./Shell.module.css";
import { Wordmark } from "./Wordmark.tsx";

const places = [
  { to: "/", label: "Board", Icon: IconActivity, exact: true, admin: false },
  { to: "/brakes", label: "Brakes", Icon: IconHandStop, exact: false, admin: false },
  { to: "/queues", label: "Queues", Icon: IconMailPause, exact: false, admin: false },
  { to: "/hosts", label: "Hosts", Icon: IconServer2, exact: false, admin: false },
  { to: "/audit", label: "Audit", Icon: IconBook2, exact: false, admin: false },
  { to: "/users", label: "Users", Icon: IconUsers, exact: false, admin: true },
  { to: "/account", label: "Account", Icon: IconUserCircle, exact: false, admin: false },
] as const;

/** The frame of every signed-in screen: places at the side, on a phone at the thumb; the live indicator always in sight. */
export function Shell() {
  const user = useUser();
  return (
    <LiveProvider>
      <a href="#main" className={styles.skip}>
        Skip to the content
      </a>
      <div className={styles.frame}>
        <header className={styles.top}>
          <Link to="/" className={styles.home} aria-label="Mailbrake, to the board">
            <Wordmark />
          </Link>
          <LiveIndicator />
        </header>
        <nav className={styles.places} aria-label="Main">
          {places
            .filter((place) => !place.admin || user.role === "admin")
            .map(({ to, label, Icon, exact }) => (
              <Link key={to} to={to} activeOptions={{ exact, includeSearch: false }} className={styles.place}>
                <Icon size={20} stroke={1.7} aria-hidden="true" />
                <span>{label}</span>
              </Link>
            ))}
          <div className={styles.who}>
            <span>{user.name}</span>
            <span className="dimmed">{user.role}</span>
          </div>
        </nav>
        <main id="main" className={styles.main} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </LiveProvider>
  );
}
