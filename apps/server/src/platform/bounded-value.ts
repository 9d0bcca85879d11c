import { type AgentKey, agentKeyBytes } from "@mailbrake/contract";

/** Free text as a value of the protocol: control characters become spaces, and it ends before the key's limit in bytes. */
export function boundedValue(key: AgentKey, text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found
  let value = text.replace(/[\u0000-\u001f\u007f]+/g, " ").trim();
  const encoder = new TextEncoder();
  while (encoder.encode(value).length > agentKeyBytes[key]) value = value.slice(0, -1);
  // A cut between the halves of a surrogate pair would send a replacement character.
  return value.replace(/[\uD800-\uDBFF]$/, "");
}
