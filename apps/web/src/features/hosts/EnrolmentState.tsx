import { type EnrolmentView, fingerprintViewSchema, hostViewSchema } from "@mailbrake/contract";
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { send } from "../../api/client.ts";
import { Countdown } from "../../ui/Countdown.tsx";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { Fingerprint } from "./Fingerprint.tsx";

/**
 * How an enrolment by one-liner stands: waiting for the host, or the host reported its keys and a person compares what the network shows with them.
 * The confirm is offered only where both are the same.
 */
export function EnrolmentState({ enrolment }: { enrolment: EnrolmentView }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const look = useMutation({
    mutationFn: () =>
      send(
        "POST",
        "/api/hosts/fingerprint",
        { address: enrolment.address, port: enrolment.port },
        fingerprintViewSchema,
        {
          timeoutMs: 30_000,
        },
      ),
  });
  const confirm = useMutation({
    mutationFn: (fingerprint: string) =>
      send("POST", `/api/hosts/enrolments/${enrolment.id}/confirm`, { fingerprint }, hostViewSchema, {
        timeoutMs: 60_000,
      }),
    onSuccess: (host) => {
      void queryClient.invalidateQueries();
      void navigate({ to: "/hosts/$hostId", params: { hostId: host.id } });
    },
  });
  const seen = look.data;
  const same = seen !== undefined && enrolment.reportedFingerprints.includes(seen.fingerprint);

  switch (enrolment.state) {
    case "waiting":
      return (
        <p className="small" style={{ margin: 0 }} role="status">
          <strong>Waiting for the host.</strong> Nothing has been heard from it yet; the command can be used for{" "}
          <Countdown expiresAt={enrolment.expiresAt} />.
        </p>
      );
    case "expired":
      return <p className="small">The command has run out unused. Make a new one.</p>;
    case "confirmed":
      return <p className="small">Enrolled.</p>;
    case "reported":
      return (
        <div style={{ display: "flex", flexDirection: "column", gap: 10 }} role="status">
          <div className="small">
            <strong>The host has reported.</strong> These are the keys that it says it has:
          </div>
          {enrolment.reportedFingerprints.map((fingerprint) => (
            <Fingerprint key={fingerprint} fingerprint={fingerprint} />
          ))}
          {seen === undefined ? (
            <div>
              <Button size="sm" loading={look.isPending} onClick={() => look.mutate()}>
                Look at the key over the network
              </Button>
            </div>
          ) : (
            <>
              <div className="small">
                Over the network, {seen.address} port {seen.port} shows ({seen.keyType}):
              </div>
              <Fingerprint fingerprint={seen.fingerprint} />
              <div
                className="small"
                style={{ fontWeight: 650, color: same ? "var(--mb-good-text)" : "var(--mb-accent-text)" }}
              >
                {same
                  ? "Both are the same."
                  : "They differ. Somebody may stand in between, or the address leads to another machine. Don't go on."}
              </div>
              {same && (
                <div>
                  <Button loading={confirm.isPending} onClick={() => confirm.mutate(seen.fingerprint)}>
                    Confirm the fingerprint
                  </Button>
                </div>
              )}
            </>
          )}
          {look.isError && <ErrorNotice error={look.error} title="The key was not seen" />}
          {confirm.isError && <ErrorNotice error={confirm.error} title="The host was not enrolled" />}
        </div>
      );
  }
}
