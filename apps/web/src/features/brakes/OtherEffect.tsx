import type { BlockPointView, Effect } from "@mailbrake/contract";
import { NativeSelect } from "@mantine/core";
import { type BrakeDraft, effectHere, otherEffectsAt } from "./brake-draft.ts";
import { effectWords } from "./effect-words.ts";
import styles from "./WhereFields.module.css";

interface OtherEffectProps {
  point: BlockPointView;
  /** Why it can't do the draft's effect. */
  why: string;
  draft: BrakeDraft;
  onChange: (part: Pick<BrakeDraft, "blockPointIds" | "otherEffects">) => void;
}

/** A block point that can't do the draft's effect: why, and a choice of what it does instead, where there is something. */
export function OtherEffect({ point, why, draft, onChange }: OtherEffectProps) {
  const possible = otherEffectsAt(point, draft);
  const choose = (effect: Effect | undefined) => {
    const { [point.id]: _, ...otherEffects } = draft.otherEffects;
    const ids = draft.blockPointIds.filter((id) => id !== point.id);
    if (effect === undefined) onChange({ blockPointIds: ids, otherEffects });
    else onChange({ blockPointIds: [...ids, point.id], otherEffects: { ...otherEffects, [point.id]: effect } });
  };
  return (
    <div className={styles.other}>
      <span>
        {point.label} on {point.hostName} <span className="tiny dimmed">{point.mta}</span>
        <span className={`tiny dimmed ${styles.why}`}>{why}</span>
      </span>
      {possible.length > 0 && (
        <NativeSelect
          size="xs"
          aria-label={`Instead, at ${point.label} on ${point.hostName}`}
          value={effectHere(point, draft) ?? ""}
          data={[
            { value: "", label: "Leave out" },
            ...possible.map((effect) => ({ value: effect, label: `${effectWords[effect].name} instead` })),
          ]}
          onChange={(event) => choose(possible.find((effect) => effect === event.currentTarget.value))}
        />
      )}
    </div>
  );
}
