import type { ApplicationView } from "@mailbrake/contract";
import { hasQueues } from "@mailbrake/domain";
import { useQuery } from "@tanstack/react-query";
import { blockPointsQuery } from "../../api/queries.ts";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { useWhyNotRole } from "../access/use-session.ts";
import styles from "./ApplicationCard.module.css";

/** The way to what a hold brake holds at one block point, and to a release of a part of it while the brake stands. */
export function HeldHere({ application }: { application: ApplicationView }) {
  const points = useQuery(blockPointsQuery);
  const mayAct = useWhyNotRole("operator") === null;
  const point = points.data?.find(({ id }) => id === application.blockPointId);
  if (point === undefined || !hasQueues(point.mta)) return null;
  const held = application.id;
  return (
    <div className={styles.actions}>
      <LinkButton
        size="xs"
        variant="default"
        to="/queues/$instanceId"
        params={{ instanceId: point.instanceId }}
        search={{ view: "messages", held }}
      >
        What it holds
      </LinkButton>
      {mayAct && (
        <LinkButton
          size="xs"
          variant="default"
          to="/queues/act"
          search={{ action: "release", at: [point.instanceId], held, step: "preview" }}
        >
          Release it…
        </LinkButton>
      )}
    </div>
  );
}
