import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";

interface AddRowButtonProps {
  onClick: () => void;
  children: string;
  "aria-label"?: string;
}

/** Under a list of fields: adds an empty one. */
export function AddRowButton({ children, ...rest }: AddRowButtonProps) {
  return (
    <Button
      variant="subtle"
      color="gray"
      size="xs"
      style={{ alignSelf: "flex-start" }}
      leftSection={<IconPlus size={14} aria-hidden="true" />}
      {...rest}
    >
      {children}
    </Button>
  );
}
