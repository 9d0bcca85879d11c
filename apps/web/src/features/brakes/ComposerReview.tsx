import {
  type BlockPointView,
  type BrakeOrder,
  brakeViewSchema,
  type CreateBrakeRequest,
  planViewSchema,
} from "@mailbrake/contract";
import { isConfirmed, matchInWords } from "@mailbrake/domain";
import { Button, Loader, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { send } from "../../api/client.ts";
import { brakeQuery } from "../../api/queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { ErrorNotice, fieldError } from "../../ui/ErrorNotice.tsx";
import { durationInWords } from "../../ui/format-time.ts";
import { NotReachedByHand } from "../manual/NotReachedByHand.tsx";
import { type BrakeDraft, expirySeconds } from "./brake-draft.ts";
import styles from "./Composer.module.css";
import { effectWords } from "./effect-words.ts";
import { PlanDoors } from "./PlanDoors.tsx";
import { placesInWords } from "./places-in-words.ts";
import { ReasonField } from "./ReasonField.tsx";
import { reasonSuggestions } from "./reason-suggestions.ts";

/** Planning asks each host; the slowest may take this long before it is said to be unreachable. */
const planTimeoutMs = 40_000;

interface ComposerReviewProps {
  draft: BrakeDraft;
  order: BrakeOrder;
  points: readonly BlockPointView[];
  onChange: (part: Partial<BrakeDraft>) => void;
  onBack: () => void;
}

export function ComposerReview({ draft, order, points, onChange, onBack }: ComposerReviewProps) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const reasonInput = useRef<HTMLInputElement>(null);
  const wordInput = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState("");
  const [tried, setTried] = useState(false);
  const plan = useQuery({
    queryKey: ["plan", order],
    queryFn: ({ signal }) => send("POST", "/api/plans", order, planViewSchema, { signal, timeoutMs: planTimeoutMs }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchInterval: false,
    refetchOnWindowFocus: false,
  });
  const expiresInSeconds = expirySeconds(draft.duration) ?? null;
  const word = plan.data?.confirmationWord ?? null;
  const confirmed = isConfirmed(word, typed);
  const apply = useMutation({
    mutationFn: () => {
      const request: CreateBrakeRequest = {
        ...order,
        reason: draft.reason.trim(),
        expiresInSeconds,
        ...(word === null ? {} : { confirmation: typed.trim() }),
      };
      return send("POST", "/api/brakes", request, brakeViewSchema);
    },
    onSuccess: (brake) => {
      queryClient.setQueryData(brakeQuery(brake.id).queryKey, brake);
      void navigate({ to: "/brakes/$brakeId", params: { brakeId: brake.id }, replace: true });
    },
  });
  const places = points
    .filter(({ id }) => order.blockPointIds.includes(id))
    .map(({ hostName, label }) => ({ hostName, pointLabel: label }));
  const count = order.blockPointIds.length;
  const doable = plan.data?.plans.some(({ outcome }) => outcome !== "refused") ?? false;

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (draft.reason.trim() === "") reasonInput.current?.focus();
        else if (!confirmed) wordInput.current?.focus();
        if (draft.reason.trim() !== "" && confirmed && doable && !apply.isPending) apply.mutate();
      }}
    >
      <PageHeader
        title={`${effectWords[order.effect].name} ${matchInWords(order.match)}`}
        above="The plan. Nothing has been touched yet."
        below={
          <>
            At {placesInWords(places)} ({count} {count === 1 ? "block point" : "block points"}) ·{" "}
            {expiresInSeconds === null ? "until lifted by a person" : `for ${durationInWords(expiresInSeconds)}`}.{" "}
            {effectWords[order.effect].meaning}
          </>
        }
      />
      <div className={styles.sections}>
        <section className={styles.section}>
          <ReasonField
            inputRef={reasonInput}
            value={draft.reason}
            onChange={(reason) => onChange({ reason })}
            suggestions={reasonSuggestions}
            error={tried && draft.reason.trim() === "" ? "Say why, in a few words." : fieldError(apply.error, "reason")}
          />
        </section>
        {plan.isPending && (
          <section className={styles.section} role="status">
            <Loader size="xs" type="dots" color="gray" /> Asking {count === 1 ? "the host" : "the hosts"} for the plan…
          </section>
        )}
        {plan.isError && (
          <ErrorNotice error={plan.error} title="There is no plan" onRetry={() => void plan.refetch()} />
        )}
        {plan.data !== undefined && <PlanDoors plan={plan.data} effect={order.effect} />}
        <NotReachedByHand effect={order.effect} />
        {word !== null && (
          <section className={styles.section}>
            <TextInput
              ref={wordInput}
              label={`This can lose mail. Type ${word} to confirm`}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              value={typed}
              error={tried && !confirmed ? `Type the word ${word}.` : undefined}
              onChange={(event) => setTyped(event.currentTarget.value)}
              style={{ maxWidth: 420 }}
            />
          </section>
        )}
        {apply.isError && <ErrorNotice error={apply.error} title="The brake was not applied" />}
      </div>
      <div className={styles.foot}>
        {tried && draft.reason.trim() === "" && (
          <span className={styles.missing} role="alert">
            The reason is missing.
          </span>
        )}
        <Button variant="default" size="md" onClick={onBack}>
          Change
        </Button>
        <Button type="submit" size="md" variant="filled" loading={apply.isPending} disabled={!doable}>
          Apply the brake
        </Button>
      </div>
    </form>
  );
}
