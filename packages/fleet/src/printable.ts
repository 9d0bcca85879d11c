/** Control characters, which could play tricks on a terminal or make one line of a log look like two, become spaces. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
