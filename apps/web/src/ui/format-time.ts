const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayWithYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

type Moment = string | number | Date;

/** `03:12:04`, in the browser's time zone. */
export function timeOfDay(moment: Moment): string {
  return clock.format(new Date(moment));
}

/** `03:12:04` today, `20 Nov, 03:12:04` on another day, with the year in another year. */
export function momentInWords(moment: Moment, now: number): string {
  const then = new Date(moment);
  const today = new Date(now);
  if (then.toDateString() === today.toDateString()) return timeOfDay(then);
  const date = then.getFullYear() === today.getFullYear() ? day.format(then) : dayWithYear.format(then);
  return `${date}, ${timeOfDay(then)}`;
}

/** Two units at most, none of them zero: `45 s`, `12 min`, `3 h 12 min`, `2 d 4 h`. Negative counts as nothing. */
export function durationInWords(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 10) return joined(minutes, "min", whole % 60, "s");
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joined(hours, "h", minutes % 60, "min");
  return joined(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** Time since an order, short: `0.24 s`, `3.1 s`, `2 min 4 s`. */
export function elapsedInWords(milliseconds: number): string {
  if (milliseconds < 1_000) return `${(Math.max(0, milliseconds) / 1_000).toFixed(2)} s`;
  if (milliseconds < 60_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  return durationInWords(milliseconds / 1_000);
}

/** `4 s ago`, `12 min ago`. */
export function agoInWords(moment: Moment, now: number): string {
  const seconds = (now - new Date(moment).getTime()) / 1_000;
  return seconds < 2 ? "just now" : `${durationInWords(seconds)} ago`;
}

function joined(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}
