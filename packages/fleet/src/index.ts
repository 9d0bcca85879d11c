export type * from "./fleet-contract.ts";
