export * from "./fingerprint.ts";
export type * from "./fleet-contract.ts";
export * from "./ssh-key-pair.ts";
