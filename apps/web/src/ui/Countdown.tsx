import { durationInWords, timeOfDay } from "./format-time.ts";
import { useNow } from "./use-now.ts";

/** How long until the host lifts the brake by itself. Past the time, it says that the host's word is awaited: it never claims "expired". */
export function Countdown({ expiresAt, short = false }: { expiresAt: string | null; short?: boolean }) {
  const now = useNow(1_000);
  if (expiresAt === null) return <span>{short ? "until lifted" : "until lifted by a person"}</span>;
  const seconds = (new Date(expiresAt).getTime() - now) / 1_000;
  const words = seconds <= 0 ? "time is up, waiting for the host" : `${durationInWords(seconds)} left`;
  return (
    <time dateTime={expiresAt} title={`Expires at ${timeOfDay(expiresAt)}`}>
      {words}
    </time>
  );
}
