import { type HostView, limits, okSchema } from "@mailbrake/contract";
import { TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";

interface RemoveHostDialogProps {
  host: HostView;
  opened: boolean;
  onClose: () => void;
}

export function RemoveHostDialog({ host, opened, onClose }: RemoveHostDialogProps) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={`Remove ${host.name}?`}
      confirmLabel="Remove the host"
      ready={reason.trim() !== ""}
      missing="Say why, in a few words."
      onConfirm={async () => {
        await send("POST", `/api/hosts/${host.id}/remove`, { reason: reason.trim() }, okSchema, { timeoutMs: 60_000 });
        await navigate({ to: "/hosts" });
        void queryClient.invalidateQueries();
      }}
    >
      <div className="small">
        Mailbrake forgets this host and its block points and no longer reaches it. The audit trail stays. Its mail is
        not touched.
      </div>
      <TextInput
        label="Reason"
        data-autofocus
        maxLength={limits.reasonLength}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </ConfirmDialog>
  );
}
