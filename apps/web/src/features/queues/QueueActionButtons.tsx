import { type QueueActionView, queueActionViewSchema } from "@mailbrake/contract";
import { queueActionCan } from "@mailbrake/domain";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { queueActionQuery } from "../../api/queue-queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { ReasonField } from "../brakes/ReasonField.tsx";

/** Stop while it runs; restore once a delete has ended. What can't be done any more isn't offered, what can't be done yet says why. */
export function QueueActionButtons({ action }: { action: QueueActionView }) {
  const [open, setOpen] = useState<"stop" | "restore" | null>(null);
  const stop = queueActionCan.stop(action);
  const restore = queueActionCan.restore(action);
  const close = () => setOpen(null);
  return (
    <>
      {!action.ended && (
        <GuardedButton size="md" whyNot={stop.allowed ? null : stop.why} onClick={() => setOpen("stop")}>
          Stop
        </GuardedButton>
      )}
      {action.action === "delete" && (
        <GuardedButton
          size="md"
          variant="default"
          whyNot={restore.allowed ? null : restore.why}
          onClick={() => setOpen("restore")}
        >
          Restore
        </GuardedButton>
      )}
      <StopDialog action={action} opened={open === "stop"} onClose={close} />
      <RestoreDialog action={action} opened={open === "restore"} onClose={close} />
    </>
  );
}

interface DialogProps {
  action: QueueActionView;
  opened: boolean;
  onClose: () => void;
}

function StopDialog({ action, opened, onClose }: DialogProps) {
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={`Stop ${action.ref}?`}
      confirmLabel="Stop the action"
      ready={reason.trim() !== ""}
      missing="Say why, in a few words."
      onConfirm={async () => {
        const path = `/api/queue-actions/${action.id}/stop`;
        const stopped = await send("POST", path, { reason: reason.trim() }, queueActionViewSchema);
        queryClient.setQueryData(queueActionQuery(action.id).queryKey, stopped);
      }}
    >
      <div className="small">What is done stays done; the rest of the messages stay as they are.</div>
      <ReasonField
        value={reason}
        onChange={setReason}
        suggestions={["Too fast for the other side", "Set by mistake", "It is over"]}
        autoFocus
      />
    </ConfirmDialog>
  );
}

function RestoreDialog({ action, opened, onClose }: DialogProps) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={`Restore what ${action.ref} deleted?`}
      confirmLabel="Restore the messages"
      ready={reason.trim() !== ""}
      missing="Say why, in a few words."
      onConfirm={async () => {
        const path = `/api/queue-actions/${action.id}/restore`;
        const made = await send("POST", path, { reason: reason.trim() }, queueActionViewSchema);
        queryClient.setQueryData(queueActionQuery(made.id).queryKey, made);
        void queryClient.invalidateQueries({ queryKey: ["queue-actions"] });
        await navigate({ to: "/queues/actions/$queueActionId", params: { queueActionId: made.id } });
      }}
    >
      <div className="small">
        Puts back what the backup has and the queue has not, on hold: nothing is delivered until you release it.
      </div>
      <ReasonField
        value={reason}
        onChange={setReason}
        suggestions={["Wrong mail", "It is needed after all"]}
        autoFocus
      />
    </ConfirmDialog>
  );
}
