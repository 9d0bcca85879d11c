export { type Config, ConfigError, readConfig } from "./platform/config.ts";
export { StartError } from "./platform/data-folder.ts";
export { type RunningServer, startServer } from "./start-server.ts";
