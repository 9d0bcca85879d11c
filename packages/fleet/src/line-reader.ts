/** Cuts a stream of bytes into lines of bounded length; holds no more than one line in memory. */
export interface LineReader {
  /**
   * Takes the next bytes and gives the lines that they complete, without their newline.
   * @throws RangeError when a line grows beyond the bound; the reader is of no use after that
   */
  take(chunk: Buffer): string[];
}

/** @param maximumLineBytes without the newline */
export function createLineReader(maximumLineBytes: number): LineReader {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  return {
    take(chunk) {
      const lines: string[] = [];
      let start = 0;
      for (let end = chunk.indexOf(0x0a, start); end !== -1; end = chunk.indexOf(0x0a, start)) {
        const piece = chunk.subarray(start, end);
        if (pendingBytes + piece.length > maximumLineBytes) throw new RangeError(tooLong(maximumLineBytes));
        lines.push(Buffer.concat([...pending, piece]).toString("utf8"));
        pending = [];
        pendingBytes = 0;
        start = end + 1;
      }
      if (start < chunk.length) {
        const rest = chunk.subarray(start);
        pendingBytes += rest.length;
        if (pendingBytes > maximumLineBytes) throw new RangeError(tooLong(maximumLineBytes));
        pending.push(Buffer.from(rest));
      }
      return lines;
    },
  };
}

function tooLong(maximumLineBytes: number): string {
  return `an answer line is longer than ${maximumLineBytes} bytes`;
}
