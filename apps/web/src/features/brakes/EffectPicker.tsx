import { type Effect, effects } from "@mailbrake/contract";
import { useId } from "react";
import composer from "./Composer.module.css";
import styles from "./EffectPicker.module.css";
import { effectWords } from "./effect-words.ts";

/** The effects, each with what it does to a message and to its sender. */
export function EffectPicker({ value, onChange }: { value: Effect; onChange: (effect: Effect) => void }) {
  const id = useId();
  return (
    <fieldset className={composer.section}>
      <legend className={composer.legend}>Effect</legend>
      <div className={styles.grid}>
        {effects.map((effect) => {
          const words = effectWords[effect];
          return (
            <label key={effect} className={styles.card} data-checked={value === effect || undefined}>
              <input
                type="radio"
                name={id}
                className={styles.input}
                checked={value === effect}
                onChange={() => onChange(effect)}
                aria-labelledby={`${id}-${effect}-name`}
                aria-describedby={`${id}-${effect}-meaning`}
              />
              <span>
                <span id={`${id}-${effect}-name`} className={styles.name}>
                  {words.name}
                </span>
                <span id={`${id}-${effect}-meaning`} className={styles.meaning}>
                  {words.meaning} <span className={words.loses ? styles.loses : undefined}>{words.risk}</span>
                </span>
              </span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}
