import {
  type giveUpManualRunRequestSchema,
  limits,
  type ManualMechanismView,
  type ManualRunView,
  type startManualRunRequestSchema,
  type undoManualRunRequestSchema,
} from "@mailbrake/contract";
import { giveUpMustSayHow, isConfirmed } from "@mailbrake/domain";
import { TextInput } from "@mantine/core";
import { useState } from "react";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { ReasonField } from "../brakes/ReasonField.tsx";
import { liftReasonSuggestions, reasonSuggestions } from "../brakes/reason-suggestions.ts";
import { useRunChange } from "./use-run-change.ts";

/** A request's fields, all of them texts. */
type Fields<S extends { shape: object }> = Partial<Record<keyof S["shape"], string>>;

interface DialogProps {
  externalPointId: string;
  opened: boolean;
  onClose: () => void;
}

/** Begins a run: why, and where mail can be lost, the word. */
export function StartRunDialog({
  externalPointId,
  mechanism,
  opened,
  onClose,
}: DialogProps & { mechanism: ManualMechanismView }) {
  const change = useRunChange(externalPointId);
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const word = mechanism.confirmationWord;
  const hasReason = reason.trim() !== "";
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={`Start: ${mechanism.name}?`}
      confirmLabel="Start the steps"
      ready={hasReason && isConfirmed(word, typed)}
      missing={hasReason ? `Type the word ${word}.` : "Say why, in a few words."}
      onConfirm={() => {
        const request: Fields<typeof startManualRunRequestSchema> = {
          reason: reason.trim(),
          ...(word === null ? {} : { confirmation: typed.trim() }),
        };
        return change("POST", `/api/manual-mechanisms/${mechanism.id}/runs`, request);
      }}
    >
      <div className="small">Nothing happens by itself: you follow the steps and tick them off here.</div>
      <ReasonField value={reason} onChange={setReason} suggestions={reasonSuggestions} autoFocus />
      {word !== null && (
        <TextInput
          label={`Mail can be lost by this. Type ${word} to confirm`}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      )}
    </ConfirmDialog>
  );
}

export function UndoRunDialog({ externalPointId, run, opened, onClose }: DialogProps & { run: ManualRunView }) {
  const change = useRunChange(externalPointId);
  const [reason, setReason] = useState("");
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={`Undo: ${run.mechanismName}?`}
      confirmLabel="Begin the undo"
      ready={reason.trim() !== ""}
      missing="Say why, in a few words."
      onConfirm={() => {
        const request: Fields<typeof undoManualRunRequestSchema> = { reason: reason.trim() };
        return change("POST", `/api/manual-runs/${run.id}/undo`, request);
      }}
    >
      <div className="small">The steps to undo come next; those to apply are then no longer ticked or unticked.</div>
      <ReasonField value={reason} onChange={setReason} suggestions={liftReasonSuggestions} autoFocus />
    </ConfirmDialog>
  );
}

export function GiveUpRunDialog({ externalPointId, run, opened, onClose }: DialogProps & { run: ManualRunView }) {
  const change = useRunChange(externalPointId);
  const [reason, setReason] = useState("");
  const [leftAs, setLeftAs] = useState("");
  const mustSay = giveUpMustSayHow(run);
  const hasReason = reason.trim() !== "";
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={`Give up: ${run.mechanismName}?`}
      confirmLabel="Give it up"
      ready={hasReason && (!mustSay || leftAs.trim() !== "")}
      missing={hasReason ? "Say how things are left." : "Say why, in a few words."}
      onConfirm={() => {
        const request: Fields<typeof giveUpManualRunRequestSchema> = {
          reason: reason.trim(),
          ...(mustSay ? { leftAs: leftAs.trim() } : {}),
        };
        return change("POST", `/api/manual-runs/${run.id}/give-up`, request);
      }}
    >
      <div className="small">
        {mustSay
          ? `${run.applyTicked} of ${run.applyTotal} steps are ticked. Better undo them; if you can't, say how things are left: the board shows it until the next run.`
          : "Nothing is ticked, so nothing is left to undo."}
      </div>
      <ReasonField
        value={reason}
        onChange={setReason}
        suggestions={["Not needed any more", "Another door was closed", "The steps are wrong"]}
        autoFocus
      />
      {mustSay && (
        <TextInput
          label="Left as"
          description="What is still done there, and what is not."
          maxLength={limits.reasonLength}
          value={leftAs}
          onChange={(event) => setLeftAs(event.currentTarget.value)}
        />
      )}
    </ConfirmDialog>
  );
}
