export * from "./application-state.ts";
export * from "./brake-can.ts";
export * from "./door-state.ts";
export * from "./state-in-words.ts";
