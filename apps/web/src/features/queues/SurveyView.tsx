import { type QueueInstance, type SurveyView as Survey, surveyViewSchema } from "@mailbrake/contract";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { send } from "../../api/client.ts";
import { lastSurveyQuery, queueCountTimeoutMs } from "../../api/queue-queries.ts";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { agoInWords, elapsedInWords } from "../../ui/format-time.ts";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useNow } from "../../ui/use-now.ts";
import { messagesInWords } from "./queue-words.ts";
import styles from "./Survey.module.css";
import { SurveyAges } from "./SurveyAges.tsx";
import { SurveyDeliveries } from "./SurveyDeliveries.tsx";
import { SurveyOldest } from "./SurveyOldest.tsx";
import { SurveyRates } from "./SurveyRates.tsx";
import { SurveyTops } from "./SurveyTops.tsx";

const surveyRows = 20;

/** The picture of one queue: the last survey, and a new one when asked. The first is taken by itself. */
export function SurveyView({ instance, mayAct }: { instance: QueueInstance; mayAct: boolean }) {
  const queryClient = useQueryClient();
  const last = useQuery(lastSurveyQuery(instance.id));
  const take = useMutation({
    mutationFn: () =>
      send("POST", `/api/instances/${instance.id}/survey`, { rows: surveyRows }, surveyViewSchema, {
        timeoutMs: queueCountTimeoutMs,
      }),
    onSuccess: (fresh) => queryClient.setQueryData(lastSurveyQuery(instance.id).queryKey, fresh),
  });
  const { mutate } = take;
  const tookFirst = useRef(false);
  const noneYet = last.data === null && instance.connected;
  useEffect(() => {
    if (!noneYet || tookFirst.current) return;
    tookFirst.current = true;
    mutate();
  }, [noneYet, mutate]);

  return (
    <Loaded query={last} what="Survey">
      {(survey) => (
        <>
          <div className={styles.head}>
            <span className="small dimmed" role="status">
              {take.isPending ? (
                "Looking at the whole queue…"
              ) : survey === null ? (
                "No survey yet."
              ) : (
                <Taken survey={survey} />
              )}
            </span>
            <GuardedButton
              size="xs"
              variant="default"
              loading={take.isPending}
              whyNot={instance.connected ? null : "The host can't be reached now; what you see is the last survey."}
              onClick={() => mutate()}
            >
              Take a new survey
            </GuardedButton>
          </div>
          {take.isError && <ErrorNotice error={take.error} title="No new survey" onRetry={() => mutate()} />}
          {survey !== null && <Picture survey={survey} mayAct={mayAct} />}
        </>
      )}
    </Loaded>
  );
}

function Taken({ survey }: { survey: Survey }) {
  const now = useNow(1_000);
  return (
    <>
      Surveyed <time dateTime={survey.takenAt}>{agoInWords(survey.takenAt, now)}</time>:{" "}
      {messagesInWords(survey.messages)}, in {elapsedInWords(survey.milliseconds)}
    </>
  );
}

function Picture({ survey, mayAct }: { survey: Survey; mayAct: boolean }) {
  return (
    <>
      {!survey.complete && (
        <Notice tone="warn">
          <strong>The survey was cut short: {survey.why === "" ? "the host gave no reason" : survey.why}.</strong>
          <span>What stands below was counted until then; there is more.</span>
        </Notice>
      )}
      {survey.complete && survey.why !== "" && <Notice>{survey.why}</Notice>}
      <div className={styles.grid}>
        <SurveyAges survey={survey} />
        <SurveyRates survey={survey} />
        <SurveyTops survey={survey} mayAct={mayAct} />
        <SurveyOldest survey={survey} />
        <SurveyDeliveries survey={survey} />
      </div>
    </>
  );
}
