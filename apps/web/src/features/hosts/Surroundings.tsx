import type { Surroundings as Found } from "@mailbrake/contract";
import { useQuery } from "@tanstack/react-query";
import { surroundingsQuery } from "../../api/queries.ts";
import { Loaded } from "../../ui/Loaded.tsx";
import panels from "../../ui/Panels.module.css";

/** What stands around the mail systems of a host: read by its agent at the last discovery, for people to know before they brake. */
export function Surroundings({ hostId }: { hostId: string }) {
  const found = useQuery(surroundingsQuery(hostId));
  return (
    <section className={`${panels.panel} ${panels.rows}`} aria-labelledby="surroundings">
      <h2 id="surroundings" className={panels.title} style={{ padding: "14px 16px 0" }}>
        Around the mail systems
      </h2>
      <Loaded query={found} what="Surroundings">
        {({ surroundings }) =>
          surroundings === null ? (
            <p className={`${panels.row} dimmed`}>Its agent has not told of them yet: discover again.</p>
          ) : (
            kinds.map(([name, none, linesOf]) => (
              <Kind key={name} name={name} none={none} lines={linesOf(surroundings)} />
            ))
          )
        }
      </Loaded>
    </section>
  );
}

const kinds: readonly (readonly [name: string, none: string, linesOf: (found: Found) => readonly string[]])[] = [
  [
    "Who listens for mail",
    "Nobody was seen.",
    (found) =>
      found.listeners.map(
        ({ address, port, process }) =>
          `${address.includes(":") ? `[${address}]` : address}:${port}${process === "-" ? "" : ` ${process}`}`,
      ),
  ],
  ["Its own firewall rules that name a port of mail", "None were seen.", (found) => found.firewall],
  [
    "Configuration management, which may write over what a brake changed",
    "No mark of any was seen.",
    (found) => found.management,
  ],
];

function Kind({ name, none, lines }: { name: string; none: string; lines: readonly string[] }) {
  return (
    <div className={panels.row}>
      <div className={panels.grow}>
        {name}
        {lines.length === 0 ? (
          <div className="tiny dimmed">{none}</div>
        ) : (
          <ul className="tiny" style={{ margin: "4px 0 0", paddingLeft: 18, overflowWrap: "anywhere" }}>
            {lines.map((line) => (
              <li key={line}>
                <code>{line}</code>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
