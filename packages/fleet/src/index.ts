export * from "./fingerprint.ts";
export { createFleet, type FleetLog, type FleetOptions } from "./fleet.ts";
export * from "./fleet-contract.ts";
export { type InstallOptions, installOverSsh } from "./install-over-ssh.ts";
export { defaultFleetLimits, type FleetLimits } from "./limits.ts";
export { type ReadHostKeyOptions, readHostKey, type ShownHostKey } from "./read-host-key.ts";
export * from "./ssh-key-pair.ts";
export { SshFailure, type SshFailureReason } from "./ssh-session.ts";
