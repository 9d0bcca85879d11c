import { Button, Group, Modal, Stack } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { ErrorNotice } from "./ErrorNotice.tsx";

interface ConfirmDialogProps {
  opened: boolean;
  title: string;
  confirmLabel: string;
  /** What will happen, and the fields that it needs. */
  children?: ReactNode;
  /** False while a field is missing; `missing` says which. */
  ready?: boolean;
  missing?: string;
  /** Runs while the dialog waits; when it throws, the dialog stays and shows why. */
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

/** The one confirm dialog. It stays until the answer is there, and a failure is shown in it. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { opened, title, confirmLabel, children, ready = true, missing, onConfirm, onClose } = props;
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [told, setTold] = useState(false);

  const close = () => {
    setFailure(null);
    setTold(false);
    onClose();
  };
  const confirm = async () => {
    if (!ready) {
      setTold(true);
      return;
    }
    setBusy(true);
    setFailure(null);
    try {
      await onConfirm();
      close();
    } catch (cause) {
      setFailure(cause);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ "aria-label": "Close" }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
        noValidate
      >
        <Stack gap="md">
          {children}
          {failure !== null && <ErrorNotice error={failure} />}
          {told && !ready && missing !== undefined && (
            <div role="alert" className="small" style={{ color: "var(--mb-accent-text)" }}>
              {missing}
            </div>
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" type="button" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={busy}>
              {confirmLabel}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
