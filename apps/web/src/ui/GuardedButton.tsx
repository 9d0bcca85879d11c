import { Button, type ButtonProps, VisuallyHidden } from "@mantine/core";
import { type MouseEventHandler, type ReactNode, useId, useState } from "react";

interface GuardedButtonProps extends ButtonProps {
  /** Why it can't be used now; null where it can. */
  whyNot: string | null;
  onClick: MouseEventHandler<HTMLButtonElement>;
  children: ReactNode;
  "aria-label"?: string;
}

/**
 * A button that says why it is disabled: on hover, to a screen reader, and, for a thumb, when it is pressed.
 * It stays focusable for that (aria-disabled instead of disabled).
 */
export function GuardedButton({ whyNot, onClick, children, ...rest }: GuardedButtonProps) {
  const [told, setTold] = useState(false);
  const whyId = useId();
  if (whyNot === null) {
    return (
      <Button {...rest} onClick={onClick}>
        {children}
      </Button>
    );
  }
  return (
    <span style={{ display: "inline-flex", flexDirection: "column", gap: 4, maxWidth: "100%" }}>
      <Button
        {...rest}
        data-disabled
        aria-disabled
        aria-describedby={whyId}
        title={whyNot}
        onClick={(event) => {
          event.preventDefault();
          setTold(true);
        }}
      >
        {children}
      </Button>
      {told ? (
        <span id={whyId} className="tiny dimmed" role="status">
          {whyNot}
        </span>
      ) : (
        <VisuallyHidden id={whyId}>{whyNot}</VisuallyHidden>
      )}
    </span>
  );
}
