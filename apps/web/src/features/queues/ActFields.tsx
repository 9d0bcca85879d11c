import type { QueueInstance } from "@mailbrake/contract";
import { Button, Checkbox, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useId, useRef } from "react";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { Notice } from "../../ui/Notice.tsx";
import composer from "../brakes/Composer.module.css";
import styles from "./ActFields.module.css";
import type { QueueDraft, QueueDraftIssues, RateKey } from "./queue-draft.ts";
import { actionWords, type OrderableAction, orderableActions } from "./queue-words.ts";
import { SelectionFields } from "./SelectionFields.tsx";
import { useOwnHolds } from "./use-own-holds.ts";

interface ActFieldsProps {
  draft: QueueDraft;
  instances: readonly QueueInstance[];
  issues: QueueDraftIssues;
  onChange: (part: Partial<QueueDraft>) => void;
  onPreview: () => void;
}

export function ActFields({ draft, instances, issues, onChange, onPreview }: ActFieldsProps) {
  const form = useRef<HTMLFormElement>(null);
  const holds = useOwnHolds(draft.instanceIds);
  const wrong = Object.keys(issues).length;
  useEffect(() => {
    if (wrong > 0) form.current?.querySelector<HTMLElement>("[aria-invalid=true], [data-issue]")?.focus();
  }, [wrong]);
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onPreview();
      }}
    >
      <PageHeader
        title="Queue action"
        above={<Link to="/queues">Queues</Link>}
        below="Nothing is touched before you have seen the counts and confirmed."
      />
      <div className={composer.sections}>
        <ActionPicker draft={draft} onChange={onChange} />
        {draft.action === "release" && <ReleaseRates draft={draft} issues={issues} onChange={onChange} />}
        <section className={composer.section} aria-label="Which messages">
          <SelectionFields
            draft={draft.selection}
            issues={issues}
            holds={holds}
            onChange={(part) => onChange({ selection: { ...draft.selection, ...part } })}
          />
        </section>
        <Instances draft={draft} instances={instances} issue={issues.instanceIds} onChange={onChange} />
      </div>
      {wrong > 0 && (
        <div role="alert" style={{ marginTop: 12 }}>
          <Notice tone="bad">
            <strong>{wrong === 1 ? "One field needs a look." : `${wrong} fields need a look.`}</strong>
            {Object.entries(issues).map(([field, why]) => (
              <span key={field}>{why}</span>
            ))}
          </Notice>
        </div>
      )}
      <div className={composer.foot}>
        <LinkButton to="/queues" variant="default" size="md">
          Cancel
        </LinkButton>
        <Button type="submit" size="md">
          Count what it takes
        </Button>
      </div>
    </form>
  );
}

type PartProps = Pick<ActFieldsProps, "draft" | "onChange">;

function ActionPicker({ draft, onChange }: PartProps) {
  const id = useId();
  return (
    <fieldset className={composer.section}>
      <legend className={composer.legend}>Action</legend>
      <div className={styles.actions}>
        {orderableActions.map((action) => (
          <label key={action} className={styles.action} data-checked={draft.action === action || undefined}>
            <input
              type="radio"
              name={id}
              checked={draft.action === action}
              onChange={() => onChange(withAction(draft, action))}
              aria-labelledby={`${id}-${action}`}
              aria-describedby={`${id}-${action}-meaning`}
            />
            <span>
              <span id={`${id}-${action}`} className={styles.name}>
                {actionWords[action].name}
              </span>
              <span id={`${id}-${action}-meaning`} className={styles.meaning}>
                {actionWords[action].meaning}
              </span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** See heldOnly: the same for the fields. */
function withAction({ selection }: QueueDraft, action: OrderableAction): Partial<QueueDraft> {
  if (action !== "release" || selection.queue !== "" || selection.held !== "") return { action };
  return { action, selection: { ...selection, queue: "hold" } };
}

const rateFields: readonly { key: RateKey; label: string; description: string }[] = [
  { key: "ratePerMinute", label: "Messages a minute", description: "At each instance. Empty: all at once." },
  {
    key: "stopAboveQueued",
    label: "Stop above so many waiting",
    description: "Counted unheld in the queue. Needs a rate.",
  },
  {
    key: "stopAboveDeferredPerMinute",
    label: "Stop above so many deferred a minute",
    description: "The other side pushes back. Needs a rate.",
  },
];

/** How fast a release goes, and when it stops by itself; the host keeps to it without us. */
function ReleaseRates({ draft, issues, onChange }: PartProps & Pick<ActFieldsProps, "issues">) {
  return (
    <fieldset className={composer.section}>
      <legend className={composer.legend}>How fast</legend>
      <div className={styles.rates}>
        {rateFields.map(({ key, label, description }) => (
          <TextInput
            key={key}
            label={label}
            description={description}
            inputMode="numeric"
            maxLength={6}
            placeholder="no limit"
            value={draft.rates[key]}
            error={issues[key]}
            onChange={(event) => onChange({ rates: { ...draft.rates, [key]: event.currentTarget.value } })}
          />
        ))}
      </div>
    </fieldset>
  );
}

interface InstancesProps extends PartProps {
  instances: readonly QueueInstance[];
  issue: string | undefined;
}

function Instances({ draft, instances, issue, onChange }: InstancesProps) {
  const chosen = new Set(draft.instanceIds);
  return (
    <fieldset className={composer.section} aria-label="Where">
      <div className={styles.whereHead}>
        <span className={styles.name}>
          Where <span className="dimmed small">{chosen.size} chosen</span>
        </span>
        <span className={styles.quick}>
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => onChange({ instanceIds: instances.map(({ id }) => id) })}
          >
            All
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => onChange({ instanceIds: [] })}>
            None
          </Button>
        </span>
      </div>
      {issue !== undefined && (
        <div className={styles.issue} data-issue tabIndex={-1}>
          {issue}
        </div>
      )}
      {instances.map(({ id, hostName, instance, connected }) => (
        <Checkbox
          key={id}
          mt={8}
          label={hostName}
          aria-label={`${instance} on ${hostName}`}
          description={`${instance}${connected ? "" : " · host unreachable: done when it is back, within an hour"}`}
          checked={chosen.has(id)}
          onChange={(event) =>
            onChange({
              instanceIds: event.currentTarget.checked
                ? [...draft.instanceIds, id]
                : draft.instanceIds.filter((one) => one !== id),
            })
          }
        />
      ))}
    </fieldset>
  );
}
