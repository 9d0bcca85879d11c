import { type ApplicationView, type BrakeView, brakeViewSchema } from "@mailbrake/contract";
import { applicationCan, stateInWords } from "@mailbrake/domain";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { send } from "../../api/client.ts";
import { brakeQuery } from "../../api/queries.ts";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { durationInWords } from "../../ui/format-time.ts";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { useNow } from "../../ui/use-now.ts";
import { useWhyNotRole } from "../access/use-session.ts";
import styles from "./ApplicationCard.module.css";
import { EvidenceList } from "./EvidenceList.tsx";
import { effectWords } from "./effect-words.ts";
import { HeldHere } from "./HeldHere.tsx";
import { ProgressTrack } from "./ProgressTrack.tsx";

/** A brake at one block point: how far the order has come, and what was seen on the host. */
export function ApplicationCard({ application, brake }: { application: ApplicationView; brake: BrakeView }) {
  const queryClient = useQueryClient();
  const whyNotRole = useWhyNotRole("operator");
  const retry = useMutation({
    mutationFn: () => send("POST", `/api/applications/${application.id}/retry`, {}, brakeViewSchema),
    onSuccess: (fresh) => queryClient.setQueryData(brakeQuery(brake.id).queryKey, fresh),
  });
  const permission = applicationCan.retry(application);
  return (
    <section
      className={`panel ${styles.card}`}
      aria-label={`${application.pointLabel} on ${application.hostName}`}
      data-state={application.state}
    >
      <header className={styles.head}>
        <h2 className={styles.name}>
          {application.hostName}{" "}
          <Link to="/block-points/$blockPointId" params={{ blockPointId: application.blockPointId }} className="dimmed">
            {application.pointLabel}
          </Link>
        </h2>
        <span className={styles.state}>{stateInWords(application)}</span>
      </header>
      <p className={`${styles.detail} dimmed`}>
        {effectWords[application.effect].name} by {application.mta}
      </p>
      <ProgressTrack application={application} />
      {application.detail !== "" && <p className={styles.detail}>{application.detail}</p>}
      {application.nextAttemptAt !== null && application.endedAt === null && (
        <NextAttempt at={application.nextAttemptAt} attempts={application.attempts} />
      )}
      {application.releasedCount !== null && application.releasedCount > 0 && (
        <p className={styles.detail}>
          {application.releasedCount} held {application.releasedCount === 1 ? "message" : "messages"} let go.
        </p>
      )}
      {brake.effect === "hold" && application.endedAt === null && <HeldHere application={application} />}
      {permission.allowed && (
        <div className={styles.actions}>
          <GuardedButton
            size="xs"
            variant="default"
            whyNot={whyNotRole}
            loading={retry.isPending}
            onClick={() => retry.mutate()}
          >
            Retry
          </GuardedButton>
        </div>
      )}
      {retry.isError && <ErrorNotice error={retry.error} title="Not retried" />}
      <EvidenceList evidence={application.evidence} hostName={application.hostName} />
    </section>
  );
}

function NextAttempt({ at, attempts }: { at: string; attempts: number }) {
  const seconds = (new Date(at).getTime() - useNow(1_000)) / 1_000;
  return (
    <p className={styles.detail}>
      {attempts} {attempts === 1 ? "attempt" : "attempts"} so far;{" "}
      {seconds <= 0 ? "trying now." : `next in ${durationInWords(seconds)}.`}
    </p>
  );
}
