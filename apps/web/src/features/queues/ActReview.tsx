import { type QueuePreview, queueActionViewSchema, queuePreviewSchema } from "@mailbrake/contract";
import { isConfirmed } from "@mailbrake/domain";
import { Button, Loader, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { send } from "../../api/client.ts";
import { queueActionQuery, queueCountTimeoutMs } from "../../api/queue-queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { ErrorNotice, fieldError } from "../../ui/ErrorNotice.tsx";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { Notice } from "../../ui/Notice.tsx";
import composer from "../brakes/Composer.module.css";
import { ReasonField } from "../brakes/ReasonField.tsx";
import { ActCounts } from "./ActCounts.tsx";
import type { QueueDraft, QueueOrder } from "./queue-draft.ts";
import { actionInWords, actionWords, messagesInWords } from "./queue-words.ts";
import { ratesOfAction } from "./release-in-words.ts";

interface ActReviewProps {
  draft: QueueDraft;
  order: QueueOrder;
  onChange: (part: Partial<QueueDraft>) => void;
  onBack: () => void;
}

const suggestions = [
  "Flood from one sender",
  "Mail loop",
  "Spam or phishing wave",
  "The other side is down",
  "It is over",
];

/** What the action would take hold of, counted at each instance; then the reason, the word where mail is taken out, and the order. */
export function ActReview({ draft, order, onChange, onBack }: ActReviewProps) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const reasonInput = useRef<HTMLInputElement>(null);
  const wordInput = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState("");
  const [tried, setTried] = useState(false);
  const { action, selection, instanceIds } = order;
  const previewRequest = { action, selection, instanceIds };
  const preview = useQuery({
    queryKey: ["queue-preview", previewRequest],
    queryFn: ({ signal }) =>
      send("POST", "/api/queue-actions/preview", previewRequest, queuePreviewSchema, {
        signal,
        timeoutMs: queueCountTimeoutMs,
      }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchInterval: false,
    refetchOnWindowFocus: false,
  });
  const word = preview.data?.confirmationWord ?? null;
  const confirmed = isConfirmed(word, typed);
  const reason = draft.reason.trim();
  const act = useMutation({
    mutationFn: () =>
      send(
        "POST",
        "/api/queue-actions",
        { ...order, reason, ...(word === null ? {} : { confirmation: typed.trim() }) },
        queueActionViewSchema,
      ),
    onSuccess: (made) => {
      queryClient.setQueryData(queueActionQuery(made.id).queryKey, made);
      void queryClient.invalidateQueries({ queryKey: ["queue-actions"] });
      void navigate({ to: "/queues/actions/$queueActionId", params: { queueActionId: made.id }, replace: true });
    },
  });
  const whyNot = whyNotNow(preview.data);
  const name = actionWords[action].name;

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (reason === "") reasonInput.current?.focus();
        else if (!confirmed) wordInput.current?.focus();
        if (reason !== "" && confirmed && whyNot === null && !act.isPending) act.mutate();
      }}
    >
      <PageHeader
        title={actionInWords(action, selection)}
        documentTitle={`${name} queued mail`}
        above="What it takes. Nothing has been touched yet."
        below={
          <>
            {actionWords[action].meaning} {ratesOfAction(order)}
          </>
        }
      />
      <div className={composer.sections}>
        {preview.isPending && (
          <section className={composer.section} role="status">
            <Loader size="xs" type="dots" color="gray" /> Counting at{" "}
            {instanceIds.length === 1 ? "one instance" : `${instanceIds.length} instances`}…
          </section>
        )}
        {preview.isError && (
          <ErrorNotice error={preview.error} title="Nothing was counted" onRetry={() => void preview.refetch()} />
        )}
        {preview.data !== undefined && <ActCounts preview={preview.data} />}
        {preview.data?.losesMail === true && (
          <Notice tone="bad">
            <strong>
              {action === "delete"
                ? "This takes mail out of the queue without telling anybody."
                : "This sends each message back to its sender, and it can't be undone."}
            </strong>
            <span>
              {action === "delete"
                ? "Each host keeps a backup for 30 days, from which it can be restored."
                : "Senders that were forged get bounces for mail that they never wrote."}
            </span>
          </Notice>
        )}
        <section className={composer.section}>
          <ReasonField
            inputRef={reasonInput}
            value={draft.reason}
            onChange={(value) => onChange({ reason: value })}
            suggestions={suggestions}
            error={tried && reason === "" ? "Say why, in a few words." : fieldError(act.error, "reason")}
          />
          {word !== null && (
            <TextInput
              ref={wordInput}
              mt="md"
              label={`Type ${word} to confirm`}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              value={typed}
              error={tried && !confirmed ? `Type the word ${word}.` : undefined}
              onChange={(event) => setTyped(event.currentTarget.value)}
              style={{ maxWidth: 420 }}
            />
          )}
        </section>
        {act.isError && <ErrorNotice error={act.error} title="Nothing was ordered" />}
      </div>
      <div className={composer.foot}>
        {tried && (reason === "" || !confirmed) && (
          <span className={composer.missing} role="alert">
            {reason === "" ? "The reason is missing." : `The word ${word} is missing.`}
          </span>
        )}
        <Button variant="default" size="md" onClick={onBack}>
          Change
        </Button>
        {whyNot === null ? (
          <Button type="submit" size="md" loading={act.isPending}>
            {name} {preview.data !== undefined && messagesInWords(preview.data.messages)}
          </Button>
        ) : (
          <GuardedButton size="md" whyNot={whyNot} onClick={() => {}}>
            {name}
          </GuardedButton>
        )}
      </div>
    </form>
  );
}

function whyNotNow(preview: QueuePreview | undefined): string | null {
  if (preview === undefined) return "It is counted first.";
  const { counts, messages } = preview;
  if (counts.every(({ outcome }) => outcome === "refused")) return "Every host refused; the reason stands above.";
  if (
    messages === 0 &&
    counts.every(({ outcome, complete }) => outcome === "refused" || (outcome === "counted" && complete))
  )
    return "There is no such message in these queues.";
  return null;
}
