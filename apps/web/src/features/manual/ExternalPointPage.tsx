import { type ExternalPointDetail, okSchema } from "@mailbrake/contract";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { externalPointQuery, externalPointsQuery } from "../../api/manual-queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Notice } from "../../ui/Notice.tsx";
import panels from "../../ui/Panels.module.css";
import { useWhyNotRole } from "../access/use-session.ts";
import { DoorForm } from "./DoorForm.tsx";
import { MechanismCard } from "./MechanismCard.tsx";
import { MechanismForm } from "./MechanismForm.tsx";
import { RemoveManualDialog } from "./RemoveManualDialog.tsx";
import { RunHistory } from "./RunHistory.tsx";

const route = getRouteApi("/signed-in/external-points/$externalPointId");

/** A door that no agent reaches: what it is, the ways to block there by hand, what people said, and its history. */
export function ExternalPointPage() {
  const { externalPointId } = route.useParams();
  const door = useQuery(externalPointQuery(externalPointId));
  return (
    <Loaded query={door} what="Door by hand">
      {(found) => <Door key={found.id} door={found} />}
    </Loaded>
  );
}

function Door({ door }: { door: ExternalPointDetail }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const whyNotRole = useWhyNotRole("admin");
  const [doing, setDoing] = useState<"edit" | "remove" | "add" | null>(null);
  const done = () => setDoing(null);
  return (
    <>
      <PageHeader
        title={door.name}
        above={<Link to="/">Board</Link>}
        below="A door by hand: no agent reaches it. What stands here, people said."
        actions={
          <>
            <GuardedButton variant="default" whyNot={whyNotRole} onClick={() => setDoing("edit")}>
              Change the door
            </GuardedButton>
            <GuardedButton variant="default" whyNot={whyNotRole} onClick={() => setDoing("remove")}>
              Remove…
            </GuardedButton>
          </>
        }
      />
      {doing === "edit" ? (
        <section className={panels.panel} aria-label="Change the door">
          <DoorForm door={door} onDone={done} onCancel={done} />
        </section>
      ) : (
        <>
          <Facts
            facts={[
              ["Role", door.role ?? "none"],
              ["Kind", "external"],
            ]}
          />
          {door.note !== "" && (
            <p style={{ margin: "4px 0 0", whiteSpace: "pre-wrap", maxWidth: "75ch" }}>{door.note}</p>
          )}
        </>
      )}
      <div className={panels.stack}>
        {door.mechanisms.length === 0 && doing !== "add" && (
          <Notice>
            <strong>No way to block here is written down yet.</strong>
            <span>A mechanism has the steps that a person follows, and those that undo them.</span>
          </Notice>
        )}
        {door.mechanisms.map((mechanism) => (
          <MechanismCard key={mechanism.id} door={door} mechanism={mechanism} />
        ))}
        {doing === "add" ? (
          <section className={panels.panel} aria-label="Add a mechanism">
            <MechanismForm door={door} onDone={done} />
          </section>
        ) : (
          <div>
            <GuardedButton variant="default" whyNot={whyNotRole} onClick={() => setDoing("add")}>
              Add a mechanism
            </GuardedButton>
          </div>
        )}
        <RunHistory externalPointId={door.id} />
      </div>
      <RemoveManualDialog
        what="the door"
        name={door.name}
        opened={doing === "remove"}
        onClose={done}
        onRemove={async (request) => {
          await send("POST", `/api/external-points/${door.id}/remove`, request, okSchema);
          await navigate({ to: "/" });
          void queryClient.invalidateQueries({ queryKey: externalPointsQuery.queryKey });
        }}
      />
    </>
  );
}
