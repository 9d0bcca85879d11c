import { Link, useNavigate } from "@tanstack/react-router";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { Notice } from "../../ui/Notice.tsx";
import panels from "../../ui/Panels.module.css";
import { useWhyNotRole } from "../access/use-session.ts";
import { DoorForm } from "./DoorForm.tsx";

/** Where an admin writes down a door that no agent reaches. */
export function NewExternalPointPage() {
  const navigate = useNavigate();
  const whyNotRole = useWhyNotRole("admin");
  return (
    <>
      <PageHeader
        title="Add a door by hand"
        above={<Link to="/">Board</Link>}
        below="A way in for mail that no agent reaches. The steps to stop mail there are written down next."
      />
      {whyNotRole !== null ? (
        <Notice>{whyNotRole}</Notice>
      ) : (
        <section className={panels.panel} aria-label="The door">
          <DoorForm
            onDone={({ id }) =>
              void navigate({ to: "/external-points/$externalPointId", params: { externalPointId: id }, replace: true })
            }
            onCancel={() => void navigate({ to: "/" })}
          />
        </section>
      )}
    </>
  );
}
