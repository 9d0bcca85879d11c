import type { EnrolmentView } from "@mailbrake/contract";
import { useQuery } from "@tanstack/react-query";
import { enrolmentsQuery } from "../../api/queries.ts";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import panels from "../../ui/Panels.module.css";
import { EnrolmentState } from "./EnrolmentState.tsx";

const isOpen = ({ state }: EnrolmentView) => state === "waiting" || state === "reported";

/** Enrolments by one-liner that wait for their host, or for a person to confirm its key. */
export function OpenEnrolments({ except }: { except?: string }) {
  const enrolments = useQuery(enrolmentsQuery);
  if (enrolments.isError) return <ErrorNotice error={enrolments.error} title="Open enrolments: not refreshed" />;
  const open = (enrolments.data?.enrolments ?? []).filter((one) => isOpen(one) && one.id !== except);
  if (open.length === 0) return null;
  return (
    <section aria-labelledby="open-enrolments" style={{ marginBottom: 18 }}>
      <h2 id="open-enrolments" className="section-title" style={{ marginBottom: 8 }}>
        Waiting to be enrolled
      </h2>
      <div className={panels.stack} style={{ marginTop: 0 }}>
        {open.map((enrolment) => (
          <section key={enrolment.id} className={panels.panel} aria-label={`Enrolment of ${enrolment.name}`}>
            <h3 className={panels.title}>{enrolment.name}</h3>
            <EnrolmentState enrolment={enrolment} />
          </section>
        ))}
      </div>
    </section>
  );
}
