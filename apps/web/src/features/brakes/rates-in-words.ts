import type { Throttle } from "@mailbrake/contract";

/** "10 connections, 30 messages a minute". */
export function ratesInWords(throttle: Throttle): string {
  const { connectionsPerMinute, messagesPerMinute, recipientsPerMinute } = throttle;
  const parts: string[] = [];
  if (connectionsPerMinute !== undefined) parts.push(`${connectionsPerMinute} connections`);
  if (messagesPerMinute !== undefined) parts.push(`${messagesPerMinute} messages`);
  if (recipientsPerMinute !== undefined) parts.push(`${recipientsPerMinute} recipients`);
  return `${parts.join(", ")} a minute`;
}
