import { type BrakeView, brakeViewSchema } from "@mailbrake/contract";
import { expiryChoices } from "@mailbrake/domain";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { brakeQuery } from "../../api/queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Countdown } from "../../ui/Countdown.tsx";
import { type DurationChoice, expirySeconds } from "./brake-draft.ts";
import { DurationPicker } from "./DurationPicker.tsx";
import { ReasonField } from "./ReasonField.tsx";

export function ExtendDialog({ brake, opened, onClose }: { brake: BrakeView; opened: boolean; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  const [duration, setDuration] = useState<DurationChoice>({ kind: "preset", seconds: 3_600 });
  const expiresInSeconds = expirySeconds(duration);
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={`Extend ${brake.ref}`}
      confirmLabel="Extend the brake"
      ready={reason.trim() !== "" && expiresInSeconds !== undefined}
      missing={expiresInSeconds === undefined ? "Write whole minutes, from 1 to a year." : "Say why, in a few words."}
      onConfirm={async () => {
        const request = { expiresInSeconds, reason: reason.trim() };
        const extended = await send("POST", `/api/brakes/${brake.id}/extend`, request, brakeViewSchema);
        queryClient.setQueryData(brakeQuery(brake.id).queryKey, extended);
        await queryClient.invalidateQueries({ queryKey: ["brakes"] });
      }}
    >
      <div className="small">
        Now: <Countdown expiresAt={brake.expiresAt} />. The new time counts from this moment.
      </div>
      <DurationPicker label="From now" choices={expiryChoices} value={duration} onChange={setDuration} />
      <ReasonField value={reason} onChange={setReason} suggestions={["It goes on", "Waiting for the other side"]} />
    </ConfirmDialog>
  );
}
