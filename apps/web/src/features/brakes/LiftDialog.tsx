import { type BrakeView, brakeViewSchema, type liftBrakeRequestSchema } from "@mailbrake/contract";
import { matchInWords } from "@mailbrake/domain";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { brakeQuery } from "../../api/queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { effectWords } from "./effect-words.ts";
import { placesInWords } from "./places-in-words.ts";
import { ReasonField } from "./ReasonField.tsx";
import { liftReasonSuggestions } from "./reason-suggestions.ts";

type LiftRequest = { [K in keyof typeof liftBrakeRequestSchema.shape]: string };

export function LiftDialog({ brake, opened, onClose }: { brake: BrakeView; opened: boolean; onClose: () => void }) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [reason, setReason] = useState("");
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={`Lift ${brake.ref}?`}
      confirmLabel="Lift the brake"
      ready={reason.trim() !== ""}
      missing="Say why, in a few words."
      onConfirm={async () => {
        const request: LiftRequest = { reason: reason.trim() };
        const lifted = await send("POST", `/api/brakes/${brake.id}/lift`, request, brakeViewSchema);
        queryClient.setQueryData(brakeQuery(brake.id).queryKey, lifted);
        void queryClient.invalidateQueries({ queryKey: ["brakes"] });
        // There the lift is followed until it is proved that the doors are open again.
        await navigate({ to: "/brakes/$brakeId", params: { brakeId: brake.id } });
      }}
    >
      <div>
        <strong>
          {effectWords[brake.effect].name}: {matchInWords(brake.match)}
        </strong>
        <div className="dimmed small">at {placesInWords(brake.applications)}</div>
      </div>
      {brake.applications.some(({ effect }) => effect === "hold") && (
        <div className="small">Messages that this brake holds are let go, and delivered.</div>
      )}
      <ReasonField value={reason} onChange={setReason} suggestions={liftReasonSuggestions} autoFocus />
    </ConfirmDialog>
  );
}
