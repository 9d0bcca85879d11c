import { useQueryClient } from "@tanstack/react-query";
import { Link, useRouter } from "@tanstack/react-router";
import { ErrorNotice } from "../ui/ErrorNotice.tsx";

/** A screen that could not be shown; the rest of Mailbrake goes on. */
export function FailedScreen({ error }: { error: unknown }) {
  const router = useRouter();
  const queryClient = useQueryClient();
  return (
    <div style={{ maxWidth: 640, margin: "32px auto", padding: 16 }}>
      <ErrorNotice
        error={error}
        title="This page can't be shown"
        onRetry={() => {
          void queryClient.invalidateQueries();
          void router.invalidate();
        }}
      />
    </div>
  );
}

export function NoSuchScreen() {
  return (
    <div style={{ maxWidth: 640, margin: "32px auto", padding: 16 }}>
      <h1>There is no such page</h1>
      <p>
        It may have been removed. <Link to="/">Go to the board</Link>
      </p>
    </div>
  );
}
