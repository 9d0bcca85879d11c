/** Measuring by repetition: what varies from run to run is shown, never hidden in one number. */
export interface Sample {
  median: number;
  lowest: number;
  highest: number;
  count: number;
}

/** @param values milliseconds; at least one */
export function sample(values: readonly number[]): Sample {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (index: number) => sorted[Math.min(sorted.length - 1, Math.max(0, index))] ?? Number.NaN;
  const middle = Math.floor(sorted.length / 2);
  return {
    median: sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2,
    lowest: at(0),
    highest: at(sorted.length - 1),
    count: sorted.length,
  };
}

export function inWords({ median, lowest, highest, count }: Sample): string {
  return `${median.toFixed(1)} ms (median of ${count}; ${lowest.toFixed(1)} to ${highest.toFixed(1)})`;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
