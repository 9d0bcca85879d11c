import type { BrakeView } from "@mailbrake/contract";
import { brakeCan, type Permission } from "@mailbrake/domain";
import { useState } from "react";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { useWhyNotRole } from "../access/use-session.ts";
import { ExtendDialog } from "./ExtendDialog.tsx";
import { LiftDialog } from "./LiftDialog.tsx";

const whyNotNow = (permission: Permission) => (permission.allowed ? null : permission.why);

/** Lift and Extend, wherever a brake is shown. */
export function BrakeActions({ brake, size = "sm" }: { brake: BrakeView; size?: "xs" | "sm" | "md" }) {
  const whyNotRole = useWhyNotRole("operator");
  const [open, setOpen] = useState<"lift" | "extend" | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <GuardedButton size={size} whyNot={whyNotRole ?? whyNotNow(brakeCan.lift(brake))} onClick={() => setOpen("lift")}>
        Lift
      </GuardedButton>
      <GuardedButton
        size={size}
        variant="default"
        whyNot={whyNotRole ?? whyNotNow(brakeCan.extend(brake))}
        onClick={() => setOpen("extend")}
      >
        Extend
      </GuardedButton>
      <LiftDialog brake={brake} opened={open === "lift"} onClose={close} />
      <ExtendDialog brake={brake} opened={open === "extend"} onClose={close} />
    </>
  );
}
