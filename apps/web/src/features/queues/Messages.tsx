import type { QueueInstance } from "@mailbrake/contract";
import { selectionInWords } from "@mailbrake/domain";
import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { messagePageSize, queueMessagesQuery } from "../../api/queue-queries.ts";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { timeOfDay } from "../../ui/format-time.ts";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { MessageActions } from "./MessageActions.tsx";
import styles from "./Messages.module.css";
import { MessageTable } from "./MessageTable.tsx";
import type { QueueSearch } from "./queue-search.ts";
import { countInWords } from "./queue-words.ts";
import { SelectionForm } from "./SelectionForm.tsx";
import { parseSelectionSearch, selectionOfSearch, selectionProblem } from "./selection-search.ts";

const route = getRouteApi("/signed-in/queues/$instanceId");

/** Pages of one more press on “Show 1,000 more”. */
const manyPages = 10;

interface MessagesProps {
  instance: QueueInstance;
  search: QueueSearch;
  mayAct: boolean;
}

/** The messages of a selection, in pages, and what may be done with them. */
export function Messages({ instance, search, mayAct }: MessagesProps) {
  const problem = selectionProblem(search);
  const chosen = parseSelectionSearch({ ...search });
  return (
    <div className={styles.stack}>
      <SelectionForm key={JSON.stringify(chosen)} instanceId={instance.id} search={chosen} />
      {problem === null ? (
        <Selected instance={instance} search={search} mayAct={mayAct} />
      ) : (
        <Notice tone="warn">
          <strong>Nothing can be shown for this selection.</strong>
          <span>{problem}</span>
        </Notice>
      )}
    </div>
  );
}

function Selected({ instance, search, mayAct }: MessagesProps) {
  const navigate = route.useNavigate();
  const chosen = parseSelectionSearch({ ...search });
  const selection = selectionOfSearch(chosen);
  const query = { ...queueMessagesQuery(instance.id, selection), enabled: instance.connected };
  const pages = useInfiniteQuery(query);
  const messages = useMemo(() => pages.data?.pages.flatMap((page) => page.messages), [pages.data]);
  const [loadingMany, setLoadingMany] = useState(false);
  const open = useCallback(
    (id: string) =>
      void navigate({
        search: ({ message, ...rest }) => (message === id ? rest : { ...rest, message: id }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  const showMany = async () => {
    setLoadingMany(true);
    try {
      for (let page = 0; page < manyPages; page += 1) {
        const result = await pages.fetchNextPage();
        if (!result.hasNextPage || result.isError) return;
      }
    } finally {
      setLoadingMany(false);
    }
  };
  const words = selectionInWords(selection);

  return (
    <>
      <div className={styles.head}>
        <div role="status">
          <strong>{words.charAt(0).toUpperCase() + words.slice(1)}</strong>
          <div className="small dimmed">
            {messages === undefined
              ? pages.isPending && instance.connected && "Reading the queue…"
              : `${countInWords(messages.length)} shown${pages.hasNextPage ? ", there are more" : ", no more were found"}, as of ${timeOfDay(pages.dataUpdatedAt)}`}
          </div>
        </div>
        <GuardedButton
          size="xs"
          variant="default"
          loading={pages.isRefetching && !pages.isFetchingNextPage}
          whyNot={instance.connected ? null : "The host can't be reached now."}
          onClick={() => void pages.refetch()}
        >
          Read again
        </GuardedButton>
      </div>
      {!instance.connected && (
        <Notice tone="warn">
          <strong>{instance.hostName} can't be reached now.</strong>
          <span>Its queue can't be read. This page reads it as soon as the host is back.</span>
        </Notice>
      )}
      {pages.isError && (
        <ErrorNotice error={pages.error} title="The queue was not read" onRetry={() => void pages.refetch()} />
      )}
      {messages !== undefined && messages.length === 0 && <p className="dimmed">No message is in this selection.</p>}
      {messages !== undefined && messages.length > 0 && (
        <>
          {mayAct ? (
            <MessageActions instanceId={instance.id} search={chosen} />
          ) : (
            <p className="small dimmed" style={{ margin: 0 }}>
              You are a viewer: you see the queue and change nothing in it.
            </p>
          )}
          <MessageTable instanceId={instance.id} messages={messages} openId={search.message} onOpen={open} />
        </>
      )}
      {pages.hasNextPage && (
        <div className={styles.foot}>
          <Button
            variant="default"
            loading={pages.isFetchingNextPage && !loadingMany}
            disabled={loadingMany}
            onClick={() => void pages.fetchNextPage()}
          >
            Show {messagePageSize} more
          </Button>
          <Button variant="default" loading={loadingMany} onClick={() => void showMany()}>
            Show {countInWords(manyPages * messagePageSize)} more
          </Button>
        </div>
      )}
    </>
  );
}
