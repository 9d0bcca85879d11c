import type { Effect } from "@mailbrake/contract";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { externalPointsQuery } from "../../api/manual-queries.ts";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { Notice } from "../../ui/Notice.tsx";

/** Beside a brake's plan: the doors where a person could do the same by hand, and which the brake leaves as they are. */
export function NotReachedByHand({ effect }: { effect: Effect }) {
  const doors = useQuery(externalPointsQuery);
  if (doors.isError && doors.data === undefined) {
    return <ErrorNotice error={doors.error} title="Doors by hand: not loaded" onRetry={() => void doors.refetch()} />;
  }
  const left = doors.data?.filter(({ mechanisms }) => mechanisms.some((one) => one.effect === effect)) ?? [];
  if (left.length === 0) return null;
  return (
    <Notice tone="warn">
      <strong>
        Not reached by this: {left.length} {left.length === 1 ? "door" : "doors"} by hand
      </strong>
      <span>
        {left.map(({ id, name }, index) => (
          <span key={id}>
            {index > 0 && ", "}
            <Link to="/external-points/$externalPointId" params={{ externalPointId: id }}>
              {name}
            </Link>
          </span>
        ))}
      </span>
    </Notice>
  );
}
