import { fingerprintViewSchema, type HostView, hostViewSchema } from "@mailbrake/contract";
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { hostQuery } from "../../api/queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useWhyNotRole } from "../access/use-session.ts";
import { Fingerprint } from "./Fingerprint.tsx";

/** The host shows another key than the pinned one: nothing goes on until an admin has compared and pinned the new one. */
export function PinKey({ host }: { host: HostView }) {
  const queryClient = useQueryClient();
  const whyNotRole = useWhyNotRole("admin");
  const [asking, setAsking] = useState(false);
  const look = useMutation({
    mutationFn: () =>
      send("POST", "/api/hosts/fingerprint", { address: host.address, port: host.port }, fingerprintViewSchema, {
        timeoutMs: 30_000,
      }),
  });
  return (
    <div style={{ marginBottom: 14 }}>
      <Notice tone="bad">
        <strong>{host.name} shows another SSH key than the pinned one. Everything for it has stopped.</strong>
        <span>
          It was installed anew, or somebody stands in between. Compare on its console before you pin the new key.
        </span>
        {look.data === undefined ? (
          <GuardedButton size="xs" mt={6} whyNot={whyNotRole} loading={look.isPending} onClick={() => look.mutate()}>
            Look at the new key
          </GuardedButton>
        ) : (
          <>
            <span>It now shows ({look.data.keyType}):</span>
            <Fingerprint fingerprint={look.data.fingerprint} />
            <Button size="xs" mt={6} onClick={() => setAsking(true)}>
              Pin this key…
            </Button>
          </>
        )}
      </Notice>
      {look.isError && <ErrorNotice error={look.error} title="The key was not seen" />}
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Pin a new key for ${host.name}?`}
        confirmLabel="Pin the new key"
        onConfirm={async () => {
          if (look.data === undefined) return;
          const fresh = await send(
            "POST",
            `/api/hosts/${host.id}/pin`,
            { fingerprint: look.data.fingerprint },
            hostViewSchema,
            {
              timeoutMs: 30_000,
            },
          );
          queryClient.setQueryData(hostQuery(host.id).queryKey, fresh);
          look.reset();
        }}
      >
        <div className="small">Pinned until now:</div>
        <Fingerprint fingerprint={host.fingerprint} />
        <div className="small">From now on:</div>
        {look.data !== undefined && <Fingerprint fingerprint={look.data.fingerprint} />}
      </ConfirmDialog>
    </div>
  );
}
