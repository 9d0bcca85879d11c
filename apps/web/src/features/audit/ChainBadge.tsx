import { Button } from "@mantine/core";
import { IconLinkOff, IconShieldCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { auditVerdictQuery } from "../../api/queries.ts";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { Moment } from "../../ui/Moment.tsx";
import styles from "./ChainBadge.module.css";

/** Whether the hash chain was seen intact, and when; never claimed without a check of now. */
export function ChainBadge() {
  const verdict = useQuery({ ...auditVerdictQuery, refetchInterval: false });
  if (verdict.isError) {
    return (
      <ErrorNotice error={verdict.error} title="The chain was not checked" onRetry={() => void verdict.refetch()} />
    );
  }
  const { data } = verdict;
  return (
    <div className={styles.badge} data-intact={data?.intact} role="status">
      {data === undefined && "Checking the chain…"}
      {data?.intact === true && (
        <span className={styles.words}>
          <IconShieldCheck size={18} aria-hidden="true" />
          <span>
            <strong>Chain verified</strong> · {data.checked} events, <Moment at={data.verifiedAt} />
          </span>
        </span>
      )}
      {data?.intact === false && (
        <span className={styles.words}>
          <IconLinkOff size={18} aria-hidden="true" />
          <span>
            <strong>Chain broken{data.brokenAt !== null && ` at event ${data.brokenAt.sequence}`}</strong>
            {data.brokenAt !== null && ` · ${data.brokenAt.what}`}
          </span>
        </span>
      )}
      <Button size="compact-sm" variant="default" loading={verdict.isFetching} onClick={() => void verdict.refetch()}>
        Verify now
      </Button>
    </div>
  );
}
