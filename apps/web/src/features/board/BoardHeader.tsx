import type { BlockPointView, HostView } from "@mailbrake/contract";
import { IconAlertTriangle, IconHandStop } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { useWhyNotRole } from "../access/use-session.ts";
import styles from "./BoardHeader.module.css";
import { headline, summarise, worries } from "./board-summary.ts";

export function BoardHeader({ points, hosts }: { points: readonly BlockPointView[]; hosts: readonly HostView[] }) {
  const navigate = useNavigate();
  const whyNotRole = useWhyNotRole("operator");
  const summary = summarise(points, hosts);
  const found = worries(summary);
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
