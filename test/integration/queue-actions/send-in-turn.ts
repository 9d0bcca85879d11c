/** Letters to servers that take no command before they have answered the one before. */
import { connect } from "node:net";
import type { LabHost } from "../../lab/index.ts";
import type { Letter } from "./queue-host.ts";

/** Sends all in one session from this address of the machine, each command after the answer to the last; throws unless every one was taken. */
export async function sendInTurn(host: LabHost, from: string, letters: readonly Letter[]): Promise<void> {
  const commands = ["EHLO letters"];
  for (const letter of letters) {
    const body = Array(Math.ceil((letter.size ?? 50) / 50)).fill("x".repeat(48));
    commands.push(
      `MAIL FROM:<${letter.sender}>`,
      ...letter.recipients.map((recipient) => `RCPT TO:<${recipient}>`),
      "DATA",
      [`Subject: ${letter.subject}`, "", ...body, "."].join("\r\n"),
    );
  }
  commands.push("QUIT");
  const socket = connect({ host: host.address, port: 25, localAddress: from });
  socket.setTimeout(60_000, () => socket.destroy(new Error("SMTP: timed out")));
  let text = "";
  let asked = "(connected)";
  for await (const chunk of socket) {
    text += String(chunk);
    // the last line of an answer has no - after its code
    const answer = /^(\d)\d\d(?: .*)?\r\n/m.exec(text);
    if (answer === null) continue;
    text = "";
    if (answer[1] !== "2" && answer[1] !== "3") throw new Error(`${asked.split("\r\n")[0]}: ${answer[0].trim()}`);
    const next = commands.shift();
    if (next === undefined) return;
    asked = next;
    socket.write(Buffer.from(`${next}\r\n`, "latin1"));
  }
  throw new Error(`${asked.split("\r\n")[0]}: the server hung up`);
}
