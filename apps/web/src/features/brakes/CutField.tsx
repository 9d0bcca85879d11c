import { Checkbox } from "@mantine/core";
import composer from "./Composer.module.css";

/** What becomes of SMTP sessions that are open when the brake takes hold; asked where a listener is chosen. */
export function CutField({ value, onChange }: { value: boolean; onChange: (cut: boolean) => void }) {
  return (
    <fieldset className={composer.section}>
      <legend className={composer.legend}>Open sessions</legend>
      <Checkbox
        label="Cut sessions that are open now"
        description="Without it, a session that is open goes on to its end and may still hand in mail. Cut ones can't be brought back, not even by a lift: their senders connect again and meet the brake. Only listeners have sessions; a host that can't cut them says so in the plan."
        checked={value}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    </fieldset>
  );
}
