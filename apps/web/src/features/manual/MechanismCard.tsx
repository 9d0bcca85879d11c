import { type ExternalPointDetail, externalPointDetailSchema, type ManualMechanismView } from "@mailbrake/contract";
import { manualRunEnded } from "@mailbrake/domain";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { externalPointQuery } from "../../api/manual-queries.ts";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import panels from "../../ui/Panels.module.css";
import { useWhyNotRole } from "../access/use-session.ts";
import { effectWords } from "../brakes/effect-words.ts";
import mechanisms from "../catalogue/Mechanisms.module.css";
import { RunbookLinks } from "../catalogue/RunbookLinks.tsx";
import { MechanismForm } from "./MechanismForm.tsx";
import { OpenRun } from "./OpenRun.tsx";
import { RemoveManualDialog } from "./RemoveManualDialog.tsx";
import { StartRunDialog } from "./RunDialogs.tsx";
import { RunState } from "./RunState.tsx";

/** One way to block at a door by hand: what it does, its steps, and the run that is open. */
export function MechanismCard({ door, mechanism }: { door: ExternalPointDetail; mechanism: ManualMechanismView }) {
  const queryClient = useQueryClient();
  const whyNotOperator = useWhyNotRole("operator");
  const whyNotAdmin = useWhyNotRole("admin");
  const [doing, setDoing] = useState<"start" | "edit" | "remove" | null>(null);
  const { standing, links } = mechanism;
  const open = standing !== null && !manualRunEnded(standing);
  const whyNotEdit = whyNotAdmin ?? (open ? "It has an open run: undo it or give it up first." : null);
  const done = () => setDoing(null);
  if (doing === "edit")
    return (
      <section className={panels.panel} aria-label={`Change ${mechanism.name}`}>
        <MechanismForm door={door} mechanism={mechanism} onDone={done} />
      </section>
    );
  return (
    <article className={panels.panel} aria-label={mechanism.name}>
      <div className={mechanisms.top}>
        <h3 className={panels.title} style={{ margin: 0 }}>
          {mechanism.name}
        </h3>
        <span className="small">{effectWords[mechanism.effect].name}, by hand</span>
        <span
          className={mechanism.losesMail ? mechanisms.risk : "small dimmed"}
          data-loses={mechanism.losesMail || undefined}
        >
          {mechanism.losesMail ? "Mail can be lost" : "Said to lose no mail"}
        </span>
      </div>
      <div className="small">
        <span className="dimmed">The sender sees</span> <code className={mechanisms.reply}>{mechanism.senderSees}</code>
      </div>
      {links.length > 0 && <RunbookLinks links={links} />}
      {open && <OpenRun externalPointId={door.id} run={standing} />}
      {!open && (
        <>
          {standing !== null && (
            <div style={{ marginTop: 8 }}>
              <RunState run={standing} />
            </div>
          )}
          <StepTexts label="Steps to apply" steps={mechanism.applySteps} open />
          <StepTexts label="Steps to undo" steps={mechanism.undoSteps} />
        </>
      )}
      <div className={panels.actions} style={{ marginTop: 12 }}>
        {!open && (
          <GuardedButton size="md" whyNot={whyNotOperator} onClick={() => setDoing("start")}>
            Start the steps…
          </GuardedButton>
        )}
        <GuardedButton size="xs" variant="default" whyNot={whyNotEdit} onClick={() => setDoing("edit")}>
          Change
        </GuardedButton>
        <GuardedButton size="xs" variant="default" whyNot={whyNotEdit} onClick={() => setDoing("remove")}>
          Remove…
        </GuardedButton>
      </div>
      <StartRunDialog externalPointId={door.id} mechanism={mechanism} opened={doing === "start"} onClose={done} />
      <RemoveManualDialog
        what="the mechanism"
        name={mechanism.name}
        opened={doing === "remove"}
        onClose={done}
        onRemove={async (request) => {
          const path = `/api/manual-mechanisms/${mechanism.id}/remove`;
          const fresh = await send("POST", path, request, externalPointDetailSchema);
          queryClient.setQueryData(externalPointQuery(door.id).queryKey, fresh);
        }}
      />
    </article>
  );
}

function StepTexts({ label, steps, open = false }: { label: string; steps: readonly string[]; open?: boolean }) {
  return (
    <details className={mechanisms.byHand} style={{ marginTop: 6 }} open={open}>
      <summary>
        {label} ({steps.length})
      </summary>
      <ol style={{ margin: "4px 0", paddingLeft: 22, whiteSpace: "pre-wrap" }}>
        {steps.map((text, index) => (
          <li key={index}>{text}</li>
        ))}
      </ol>
    </details>
  );
}
