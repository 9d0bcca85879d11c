import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { type ApiError, asApiError } from "../api/api-error.ts";
import styles from "./Notice.module.css";

interface ErrorNoticeProps {
  error: unknown;
  /** What was tried, e.g. "The brake was not applied". */
  title?: string;
  onRetry?: () => void;
}

/** The one error presenter: what was tried, what is wrong, what to do, and the code to tell a colleague. */
export function ErrorNotice({ error, title, onRetry }: ErrorNoticeProps) {
  const known = asApiError(error);
  return (
    <div className={styles.notice} data-tone="bad" role="alert">
      <IconAlertTriangle size={18} aria-hidden="true" className={styles.icon} />
      <div className={styles.body}>
        <strong>{title ?? known.message}</strong>
        {title !== undefined && <div>{known.message}</div>}
        {known.detail !== undefined && known.detail !== known.message && <div>{known.detail}</div>}
        <div>{known.mend}</div>
        <div className="tiny dimmed">
          {known.code}
          {known.field !== undefined && ` · field ${known.field}`}
          {known.requestId !== undefined && ` · request ${known.requestId}`}
        </div>
        {onRetry !== undefined && mayPass(known) && (
          <Button variant="default" size="xs" mt={6} onClick={onRetry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

/** Whether the same request may go well a moment later; a refusal of what was asked won't. */
function mayPass({ status }: ApiError): boolean {
  return status === 0 || status === 429 || status >= 500;
}

/** The error's words for one field, to stand at that field; undefined where it is about another. */
export function fieldError(error: unknown, ...fields: string[]): string | undefined {
  if (error === null || error === undefined) return undefined;
  const known = asApiError(error);
  if (known.field === undefined || !fields.includes(known.field)) return undefined;
  return known.detail ?? known.message;
}
