import type { BlockPointView, ExternalPointView, HostView } from "@mailbrake/contract";
import { IconAlertTriangle, IconHandStop, IconListCheck } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { useWhyNotRole } from "../access/use-session.ts";
import { byHandHeadline } from "../manual/by-hand-board.ts";
import styles from "./BoardHeader.module.css";
import { headline, summarise, worries } from "./board-summary.ts";

interface BoardHeaderProps {
  points: readonly BlockPointView[];
  hosts: readonly HostView[];
  byHand: readonly ExternalPointView[];
}

export function BoardHeader({ points, hosts, byHand }: BoardHeaderProps) {
  const navigate = useNavigate();
  const whyNotRole = useWhyNotRole("operator");
  const summary = summarise(points, hosts);
  const found = worries(summary);
  const said = byHandHeadline(byHand);
  return (
    <PageHeader
      documentTitle={headline(summary)}
      title={<span className={styles.place}>Board</span>}
      below={
        <div role="status">
          <div className={styles.headline} data-braked={summary.braked > 0 || undefined}>
            {headline(summary)}
          </div>
          {found.length > 0 && (
            <div className={styles.worries}>
              <IconAlertTriangle size={16} aria-hidden="true" />
              {found.join(" · ")}
            </div>
          )}
          {said !== null && (
            <div className={styles.said}>
              <IconListCheck size={16} aria-hidden="true" />
              {said}
            </div>
          )}
        </div>
      }
      actions={
        <GuardedButton
          size="lg"
          variant="filled"
          leftSection={<IconHandStop size={20} aria-hidden="true" />}
          whyNot={whyNotRole ?? (points.length === 0 ? "There is no entry point to brake yet." : null)}
          onClick={() => void navigate({ to: "/brake" })}
        >
          Brake…
        </GuardedButton>
      }
    />
  );
}
