import { serverNow } from "../api/server-clock.ts";
import { momentInWords } from "./format-time.ts";

/** A time with its day where it isn't today; the full one on hover and for machines. */
export function Moment({ at }: { at: string }) {
  return (
    <time dateTime={at} title={new Date(at).toString()}>
      {momentInWords(at, serverNow())}
    </time>
  );
}
