export * from "./agent-protocol.ts";
export * from "./words.ts";
