/** For tests: an SMTP listener that answers by a scripted host's journal. */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { ScriptedHost } from "../../platform/scripted-host.ts";

export class ScriptedDoor {
  readonly #server: Server;
  readonly #host: ScriptedHost;
  readonly #sockets = new Set<Socket>();
  /** So many dialogues are answered as if the journal were empty, as an old process of an MTA does. */
  staleDialogues = 0;
  /** Answers by what the journal held then. */
  stuckReply: string | null = null;
  dialogues = 0;

  private constructor(host: ScriptedHost) {
    this.#host = host;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async open(host: ScriptedHost): Promise<ScriptedDoor> {
    const door = new ScriptedDoor(host);
    await new Promise<void>((resolve) => door.#server.listen(0, "127.0.0.1", resolve));
    return door;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #replyAtRcpt(): string {
    if (this.stuckReply !== null) return this.stuckReply;
    if (this.staleDialogues > 0) {
      this.staleDialogues -= 1;
      return "250 2.1.5 Ok";
    }
    this.#host.expire();
    for (const { values } of this.#host.journal.values()) {
      if (values.effect === "tempfail") return `450 4.7.1 Mail is stopped for now (ref ${values.brake})`;
      if (values.effect === "reject") return `550 5.7.1 Refused (ref ${values.brake})`;
    }
    return "250 2.1.5 Ok";
  }

  #serve(socket: Socket): void {
    this.dialogues += 1;
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    socket.write("220 door ESMTP\r\n");
    let buffer = "";
    socket.on("data", (chunk) => {
      buffer += chunk.toString("latin1");
      for (let at = buffer.indexOf("\r\n"); at >= 0; at = buffer.indexOf("\r\n")) {
        const word = buffer.slice(0, 4).toUpperCase();
        buffer = buffer.slice(at + 2);
        if (word === "EHLO") socket.write("250-door\r\n250 SIZE 10240000\r\n");
        else if (word === "RCPT") socket.write(`${this.#replyAtRcpt()}\r\n`);
        else if (word === "QUIT") socket.end("221 Bye\r\n");
        else socket.write("250 Ok\r\n");
      }
    });
  }
}
