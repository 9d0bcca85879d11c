import { randomInt } from "node:crypto";

/** Without I, O, 0 and 1, which are misread over the telephone. */
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/** The short name of a brake or a queue action, which people say to each other and senders see, e.g. `K7QW2M`: 6 characters, 30 bits. */
export function newReference(): string {
  return Array.from({ length: 6 }, () => alphabet[randomInt(alphabet.length)]).join("");
}
