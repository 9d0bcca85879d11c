import { limits } from "@mailbrake/contract";
import { TextInput } from "@mantine/core";
import { useState } from "react";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";

interface RemoveManualDialogProps {
  /** `the door` or `the mechanism`. */
  what: string;
  name: string;
  opened: boolean;
  onClose: () => void;
  onRemove: (request: { reason: string }) => Promise<unknown>;
}

/** Asks why a door by hand, or a mechanism of one, is removed. */
export function RemoveManualDialog({ what, name, opened, onClose, onRemove }: RemoveManualDialogProps) {
  const [reason, setReason] = useState("");
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={`Remove ${name}?`}
      confirmLabel={`Remove ${what}`}
      ready={reason.trim() !== ""}
      missing="Say why, in a few words."
      onConfirm={() => onRemove({ reason: reason.trim() })}
    >
      <div className="small">Its runs stay in the audit trail. At the door itself nothing changes.</div>
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
