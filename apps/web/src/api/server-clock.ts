/** Countdowns follow the server's clock: the phone of the person on call may be minutes off. */
let offsetMs = 0;

/** @param dateHeader the `Date` of an answer (whole seconds); small differences are network time and are left alone */
export function noteServerTime(dateHeader: string | null): void {
  if (dateHeader === null) return;
  const serverMs = Date.parse(dateHeader);
  if (Number.isNaN(serverMs)) return;
  const difference = serverMs - Date.now();
  offsetMs = Math.abs(difference) < 3_000 ? 0 : difference;
}

/** Epoch milliseconds as the server would say now. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}
