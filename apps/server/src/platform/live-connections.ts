/**
 * Purpose: the open event streams (text/event-stream), each of a signed-in session.
 * Guarantees: at most `perUser` streams a user (a new one ends the oldest); a reader that is too slow is cut, never buffered without bound;
 *   a stream ends with its session. One timer, only while there are streams.
 * How it fails: a cut stream is reopened by the browser with Last-Event-ID.
 */
import type { ServerResponse } from "node:http";
import type { EventBus, NumberedChange } from "./event-bus.ts";
import type { SignedIn } from "./route-access.ts";

const heartbeatMs = 15_000;
const mostBufferedBytes = 65_536;

export interface LiveConnections {
  /** Takes over a response; `lastId` is the browser's Last-Event-ID. */
  open(response: ServerResponse, signedIn: SignedIn, lastId: number | null): void;
  /**
   * Takes over a response for a stream of another kind, with the same limits; of these, too, a user may have `perUser`.
   * @param onClosed told once, however it ends
   */
  stream(response: ServerResponse, signedIn: SignedIn, onClosed: () => void): LiveStream;
  closeUser(userId: string): void;
  closeSession(sessionId: string): void;
  closeAll(): void;
  count(): number;
}

export interface LiveStream {
  /** Nothing is written to a stream that has ended. */
  write(text: string): void;
  close(): void;
  closed(): boolean;
}

interface LiveConnection {
  response: ServerResponse;
  signedIn: SignedIn;
  /** Hears of every change; else only what its owner writes. */
  hearsChanges: boolean;
}

function frame({ id, change }: NumberedChange): string {
  return `id: ${id}\nevent: change\ndata: ${JSON.stringify(change)}\n\n`;
}

/** @param perUser streams that one user may have open */
export function createLiveConnections(events: EventBus, perUser = 8): LiveConnections {
  const connections = new Set<LiveConnection>();
  let timer: NodeJS.Timeout | undefined;
  let stopListening: (() => void) | undefined;

  function close(connection: LiveConnection): void {
    if (!connections.delete(connection)) return;
    connection.response.end();
    // A reader that takes nothing would keep the socket for ever.
    setTimeout(() => connection.response.destroy(), 2_000).unref();
    if (connections.size > 0) return;
    clearInterval(timer);
    stopListening?.();
    stopListening = undefined;
  }

  function write(connection: LiveConnection, text: string): void {
    if (connection.response.writableLength > mostBufferedBytes) {
      connections.delete(connection);
      connection.response.destroy();
      return;
    }
    connection.response.write(text);
  }

  function beat(): void {
    const now = Date.now();
    for (const connection of connections) {
      if (connection.signedIn.sessionExpiresAt.getTime() <= now) close(connection);
      else write(connection, ": still here\n\n");
    }
  }

  function startWith(connection: LiveConnection): void {
    if (connections.size === 0) {
      timer = setInterval(beat, heartbeatMs);
      timer.unref();
      stopListening = events.subscribe((numbered) => {
        const text = frame(numbered);
        for (const each of connections) if (each.hearsChanges) write(each, text);
      });
    }
    connections.add(connection);
  }

  function takeOver(connection: LiveConnection): LiveConnection {
    const { response, signedIn, hearsChanges } = connection;
    const own = [...connections].filter(
      (each) => each.signedIn.user.id === signedIn.user.id && each.hearsChanges === hearsChanges,
    );
    for (const oldest of own.slice(0, Math.max(0, own.length - perUser + 1))) close(oldest);
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      connection: "keep-alive",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
    });
    response.on("close", () => close(connection));
    write(connection, "retry: 2000\n\n");
    return connection;
  }

  function closeWhere(test: (connection: LiveConnection) => boolean): void {
    for (const connection of [...connections]) if (test(connection)) close(connection);
  }

  return {
    open(response, signedIn, lastId) {
      const connection = takeOver({ response, signedIn, hearsChanges: true });
      const missed = lastId === null ? [] : events.since(lastId);
      if (missed === null) write(connection, `event: change\ndata: ${JSON.stringify({ kind: "everything" })}\n\n`);
      else for (const numbered of missed) write(connection, frame(numbered));
      startWith(connection);
    },
    stream(response, signedIn, onClosed) {
      const connection = takeOver({ response, signedIn, hearsChanges: false });
      response.once("close", onClosed);
      startWith(connection);
      return {
        write: (text) => connections.has(connection) && write(connection, text),
        close: () => close(connection),
        closed: () => !connections.has(connection),
      };
    },
    closeUser: (userId) => closeWhere((each) => each.signedIn.user.id === userId),
    closeSession: (sessionId) => closeWhere((each) => each.signedIn.sessionId === sessionId),
    closeAll: () => closeWhere(() => true),
    count: () => connections.size,
  };
}
