import { Button } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";

/** Copies a text. Where the browser doesn't let us (no HTTPS), it says so instead of pretending. */
export function CopyText({ text, label }: { text: string; label: string }) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 2_500);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState("copied");
    } catch {
      setState("failed");
    }
  };
  const words = { idle: label, copied: "Copied", failed: "Select it by hand" }[state];
  return (
    <Button
      size="compact-xs"
      variant="default"
      style={{ flex: "none" }}
      aria-live="polite"
      leftSection={
        state === "copied" ? <IconCheck size={13} aria-hidden="true" /> : <IconCopy size={13} aria-hidden="true" />
      }
      onClick={() => void copy()}
    >
      {words}
    </Button>
  );
}
