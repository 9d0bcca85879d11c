import { createEnrolmentRequestSchema, type EnrolmentView, enrolmentViewSchema } from "@mailbrake/contract";
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { enrolmentsQuery } from "../../api/queries.ts";
import { CopyText } from "../../ui/CopyText.tsx";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { firstIssues } from "../../ui/first-issues.ts";
import panels from "../../ui/Panels.module.css";
import { AddressFields, typedPort } from "./AddressFields.tsx";
import styles from "./Enrol.module.css";
import { EnrolmentState } from "./EnrolmentState.tsx";

/** Enrolment by a one-liner that root pastes on the host: no credential ever comes here. */
export function EnrolByCommand() {
  const queryClient = useQueryClient();
  const [address, setAddress] = useState({ name: "", address: "", port: "22" });
  const [issues, setIssues] = useState<Record<string, string>>({});
  const request = { name: address.name.trim(), address: address.address.trim(), port: typedPort(address.port) };
  const create = useMutation({
    mutationFn: () => send("POST", "/api/hosts/enrolments", request, enrolmentViewSchema),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: enrolmentsQuery.queryKey }),
  });
  if (create.data !== undefined) return <CreatedEnrolment created={create.data} />;
  return (
    <section className={panels.panel} aria-label="Enrol by a command">
      <p className={styles.lead}>
        You get one command for root on the host. It installs the agent and reports the host's keys; then you compare
        and confirm them here.
      </p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const found = firstIssues(createEnrolmentRequestSchema, request);
          setIssues(found);
          if (Object.keys(found).length === 0) create.mutate();
        }}
      >
        <AddressFields value={address} issues={issues} error={create.error} onChange={setAddress} />
        {create.isError && <ErrorNotice error={create.error} title="No command was made" />}
        <Button type="submit" mt="md" loading={create.isPending}>
          Make the command
        </Button>
      </form>
    </section>
  );
}

function CreatedEnrolment({ created }: { created: EnrolmentView }) {
  const enrolments = useQuery({ ...enrolmentsQuery, refetchInterval: 5_000 });
  const enrolment = enrolments.data?.enrolments.find(({ id }) => id === created.id) ?? created;
  return (
    <div className={panels.stack} style={{ marginTop: 0 }}>
      {created.command !== null && enrolment.state === "waiting" && (
        <section className={panels.panel} aria-labelledby="enrol-command">
          <h2 id="enrol-command" className={panels.title}>
            1. Run this on {created.name}, as root
          </h2>
          <pre className={styles.command}>{created.command}</pre>
          <div className={styles.copy}>
            <CopyText text={created.command} label="Copy the command" />
            <span className="small dimmed">It works once, and is shown only now.</span>
          </div>
        </section>
      )}
      <section className={panels.panel} aria-labelledby="enrol-state">
        <h2 id="enrol-state" className={panels.title}>
          2. Compare and confirm its key
        </h2>
        <EnrolmentState enrolment={enrolment} />
        {enrolment.state === "confirmed" && enrolment.hostId !== null && (
          <Link to="/hosts/$hostId" params={{ hostId: enrolment.hostId }}>
            To the host
          </Link>
        )}
      </section>
      {enrolments.isError && <ErrorNotice error={enrolments.error} title="Not refreshed" />}
    </div>
  );
}
