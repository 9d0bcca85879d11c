import {
  type ExternalPointDetail,
  effects,
  externalPointDetailSchema,
  limits,
  type ManualMechanismRequest,
  type ManualMechanismView,
  manualMechanismRequestSchema,
} from "@mailbrake/contract";
import { Button, Checkbox, Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { externalPointQuery, externalPointsQuery } from "../../api/manual-queries.ts";
import { ErrorNotice, fieldError } from "../../ui/ErrorNotice.tsx";
import { firstIssues } from "../../ui/first-issues.ts";
import { effectWords } from "../brakes/effect-words.ts";
import { LinkFields } from "../catalogue/LinkFields.tsx";
import { StepsField } from "./StepsField.tsx";

interface MechanismFormProps {
  door: ExternalPointDetail;
  /** The one to change; a new one where there is none. */
  mechanism?: ManualMechanismView;
  onDone: () => void;
}

const newMechanism: ManualMechanismRequest = {
  name: "",
  effect: "tempfail",
  senderSees: "",
  losesMail: false,
  applySteps: [""],
  undoSteps: [""],
  links: [],
};

/** One way to block at a door by hand: what it does to mail, and the steps to do and undo it. */
export function MechanismForm({ door, mechanism, onDone }: MechanismFormProps) {
  const queryClient = useQueryClient();
  const [draft, setDraft] = useState<ManualMechanismRequest>(() =>
    mechanism === undefined ? newMechanism : contentOf(mechanism),
  );
  const [issues, setIssues] = useState<Record<string, string>>({});
  const save = useMutation({
    mutationFn: () =>
      mechanism === undefined
        ? send("POST", `/api/external-points/${door.id}/mechanisms`, draft, externalPointDetailSchema)
        : send("PUT", `/api/manual-mechanisms/${mechanism.id}`, draft, externalPointDetailSchema),
    onSuccess: (fresh) => {
      queryClient.setQueryData(externalPointQuery(door.id).queryKey, fresh);
      void queryClient.invalidateQueries({ queryKey: externalPointsQuery.queryKey });
      onDone();
    },
  });
  const change = (part: Partial<ManualMechanismRequest>) => setDraft((before) => ({ ...before, ...part }));
  const issue = (field: string) => issues[field] ?? fieldError(save.error, field);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const found = firstIssues(manualMechanismRequestSchema, draft);
        setIssues(found);
        if (Object.keys(found).length === 0) save.mutate();
      }}
    >
      <Stack gap="sm" maw={720}>
        <TextInput
          label="Name"
          description="What the steps do: Close the inbound connector."
          maxLength={limits.nameLength}
          value={draft.name}
          error={issue("name")}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <NativeSelect
          label="Effect"
          description={effectWords[draft.effect].meaning}
          value={draft.effect}
          data={effects.map((effect) => ({ value: effect, label: effectWords[effect].name }))}
          onChange={(event) => {
            const effect = effects.find((one) => one === event.currentTarget.value) ?? draft.effect;
            change({ effect, ...(effectWords[effect].loses ? { losesMail: true } : {}) });
          }}
        />
        <TextInput
          label="What a sender sees"
          description="The reply, or what happens instead: nothing, mail waits at the provider."
          maxLength={limits.replyTextLength}
          value={draft.senderSees}
          error={issue("senderSees")}
          onChange={(event) => change({ senderSees: event.currentTarget.value })}
        />
        <Checkbox
          label="Mail can be lost by it"
          description={effectWords[draft.effect].loses ? "This effect always loses mail." : undefined}
          checked={draft.losesMail}
          disabled={effectWords[draft.effect].loses}
          error={issue("losesMail")}
          onChange={(event) => change({ losesMail: event.currentTarget.checked })}
        />
        <StepsField
          label="Steps to apply"
          short="Apply"
          steps={draft.applySteps}
          issue={issue("applySteps")}
          stepIssue={(index) => issue(`applySteps.${index}`)}
          onChange={(applySteps) => change({ applySteps })}
        />
        <StepsField
          label="Steps to undo"
          short="Undo"
          steps={draft.undoSteps}
          issue={issue("undoSteps")}
          stepIssue={(index) => issue(`undoSteps.${index}`)}
          onChange={(undoSteps) => change({ undoSteps })}
        />
        <LinkFields links={draft.links} issues={issues} onChange={(links) => change({ links })} />
        {save.isError && <ErrorNotice error={save.error} title="The mechanism was not saved" />}
        <Group gap="xs">
          <Button type="submit" loading={save.isPending}>
            Save the mechanism
          </Button>
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function contentOf(mechanism: ManualMechanismView): ManualMechanismRequest {
  const { name, effect, senderSees, losesMail, applySteps, undoSteps, links } = mechanism;
  return { name, effect, senderSees, losesMail, applySteps, undoSteps, links };
}
