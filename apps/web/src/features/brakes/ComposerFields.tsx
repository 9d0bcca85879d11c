import { type BlockPointView, limits } from "@mailbrake/contract";
import { defaultExpirySeconds, expiryChoices } from "@mailbrake/domain";
import { Button, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useRef } from "react";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { type BrakeDraft, type DraftIssues, hasSessionsToCut, hasThrottle } from "./brake-draft.ts";
import styles from "./Composer.module.css";
import { CutField } from "./CutField.tsx";
import { DurationPicker } from "./DurationPicker.tsx";
import { EffectPicker } from "./EffectPicker.tsx";
import { MatchFields } from "./MatchFields.tsx";
import { RateFields } from "./RateFields.tsx";
import { ReasonField } from "./ReasonField.tsx";
import { reasonSuggestions } from "./reason-suggestions.ts";
import { WhereFields } from "./WhereFields.tsx";

interface ComposerFieldsProps {
  draft: BrakeDraft;
  points: readonly BlockPointView[];
  issues: DraftIssues;
  onChange: (part: Partial<BrakeDraft>) => void;
  onPlan: () => void;
}

export function ComposerFields({ draft, points, issues, onChange, onPlan }: ComposerFieldsProps) {
  const form = useRef<HTMLFormElement>(null);
  const count = Object.keys(issues).length;
  // The first field that is wrong gets the focus, so that a keyboard or a screen reader lands on it.
  useEffect(() => {
    if (count > 0) form.current?.querySelector<HTMLElement>("[aria-invalid=true], [data-issue]")?.focus();
  }, [count]);
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        onPlan();
      }}
    >
      <PageHeader title="Brake" below="Nothing is touched before you have seen the plan and applied it." />
      <div className={styles.sections}>
        <EffectPicker
          value={draft.effect}
          onChange={(effect) => {
            const untouched =
              draft.duration.kind === "preset" && draft.duration.seconds === defaultExpirySeconds(draft.effect);
            onChange({
              effect,
              ...(untouched ? { duration: { kind: "preset", seconds: defaultExpirySeconds(effect) } } : {}),
            });
          }}
        />
        {hasThrottle(draft, points) && (
          <RateFields rates={draft.rates} issues={issues} onChange={(rates) => onChange({ rates })} />
        )}
        <MatchFields matches={draft.matches} issues={issues} onChange={(matches) => onChange({ matches })} />
        <WhereFields draft={draft} points={points} issue={issues.blockPointIds} onChange={onChange} />
        {hasSessionsToCut(draft, points) && (
          <CutField value={draft.cutSessions} onChange={(cutSessions) => onChange({ cutSessions })} />
        )}
        <section className={styles.section}>
          <DurationPicker
            label="For how long"
            choices={expiryChoices}
            value={draft.duration}
            error={issues.expiresInSeconds}
            onChange={(duration) => onChange({ duration })}
          />
        </section>
        <section className={styles.section}>
          <div className={styles.pair}>
            <ReasonField
              value={draft.reason}
              onChange={(reason) => onChange({ reason })}
              suggestions={reasonSuggestions}
            />
            <TextInput
              label="Reply text"
              description="What the sender sees after the status code. Empty: the driver's own words."
              maxLength={limits.replyTextLength}
              value={draft.text}
              error={issues.text}
              onChange={(event) => onChange({ text: event.currentTarget.value })}
            />
          </div>
        </section>
      </div>
      {count > 0 && (
        <div role="alert" style={{ marginTop: 12 }}>
          <Notice tone="bad">
            <strong>{count === 1 ? "One field needs a look." : `${count} fields need a look.`}</strong>
            {Object.entries(issues).map(([field, why]) => (
              <span key={field}>{why}</span>
            ))}
          </Notice>
        </div>
      )}
      <div className={styles.foot}>
        <LinkButton to="/" variant="default" size="md">
          Cancel
        </LinkButton>
        <Button type="submit" size="md" variant="filled">
          Show the plan
        </Button>
      </div>
    </form>
  );
}
