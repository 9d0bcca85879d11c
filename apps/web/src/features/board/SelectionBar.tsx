import { Button } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { useWhyNotRole } from "../access/use-session.ts";
import styles from "./SelectionBar.module.css";

/** Stands over the bottom while something is selected. */
export function SelectionBar({ ids, onClear }: { ids: readonly string[]; onClear: () => void }) {
  const navigate = useNavigate();
  const whyNotRole = useWhyNotRole("operator");
  if (ids.length === 0) return null;
  return (
    <section className={styles.bar} aria-label="Selection">
      <span>{ids.length} selected</span>
      <Button variant="subtle" color="gray" onClick={onClear}>
        Clear
      </Button>
      <GuardedButton
        variant="filled"
        whyNot={whyNotRole}
        onClick={() => void navigate({ to: "/brake", search: { at: [...ids] } })}
      >
        Brake selected
      </GuardedButton>
    </section>
  );
}
