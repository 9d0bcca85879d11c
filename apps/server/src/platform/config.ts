import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { limits, type Match, matchKinds } from "@mailbrake/contract";
import { z } from "zod";

/** What an operator set, parsed once; `main.ts` is the only reader of the environment. */
export interface Config {
  host: string;
  port: number;
  /** Base URL that browsers and hosts use, without a slash at its end. */
  url: string;
  dataFolder: string;
  databaseUrl: string;
  /** Holds the key that seals secrets; made at the first start. */
  secretFile: string;
  /** The key itself, where the environment gives it; the file isn't used then. */
  secret: string | null;
  /** Matches that no brake may touch, beside what is protected always. */
  protectedLane: Match[];
  logLevel: "fatal" | "error" | "warn" | "info" | "debug" | "silent";
  /** Addresses or CIDRs whose X-Forwarded-For is believed. */
  trustedProxies: string[];
}

/** A wrong setting; the message names the variable and the mend. */
export class ConfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ConfigError";
  }
}

const protectableKinds = matchKinds.filter((kind) => kind !== "all");

const protectSchema = z
  .string()
  .max(20_000)
  .transform((text, context): Match[] => {
    const lane: Match[] = [];
    for (const item of text.split(",").map((part) => part.trim())) {
      if (item === "") continue;
      const colon = item.indexOf(":");
      const kind = protectableKinds.find((known) => known === item.slice(0, colon));
      const value = item.slice(colon + 1).trim();
      if (kind === undefined || value === "" || value.length > limits.matchLength) {
        context.addIssue({
          code: "custom",
          message: `"${item.slice(0, 100)}" is not one of ${protectableKinds.join(", ")} followed by a colon and a value, e.g. client:10.0.0.5,recipient:pager@lab.example`,
        });
        return z.NEVER;
      }
      lane.push({ kind, value });
    }
    return lane;
  });

const environmentSchema = z.object({
  MAILBRAKE_HOST: z.string().min(1).max(253).default("127.0.0.1"),
  MAILBRAKE_PORT: z
    .string()
    .regex(/^[0-9]{1,5}$/, "give a port number, 1 to 65535")
    .transform(Number)
    .refine((port) => port >= 1 && port <= 65_535, "give a port number, 1 to 65535")
    .default(8090),
  MAILBRAKE_URL: z
    .url({ protocol: /^https?$/, error: "give the address that browsers use, e.g. https://mailbrake.example.org" })
    .max(limits.urlLength)
    .refine((url) => URL.canParse(url) && new URL(url).pathname === "/" && !/[?#]/.test(url), "give it without a path")
    .optional(),
  MAILBRAKE_DATA: z.string().min(1).max(4_000).optional(),
  MAILBRAKE_SECRET_FILE: z.string().min(1).max(4_000).optional(),
  MAILBRAKE_SECRET: z.string().max(200).optional(),
  MAILBRAKE_PROTECT: protectSchema.default([]),
  MAILBRAKE_LOG: z
    .enum(["fatal", "error", "warn", "info", "debug", "silent"], "give one of fatal, error, warn, info, debug, silent")
    .default("info"),
  MAILBRAKE_TRUSTED_PROXY: z
    .string()
    .max(4_000)
    .transform((text) =>
      text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    )
    .pipe(
      z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], "give addresses or CIDRs, separated by commas")),
    )
    .default([]),
});

/**
 * Reads the settings.
 * @param environment name to value; an empty value counts as not set
 * @throws ConfigError naming each wrong variable
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`);
    throw new ConfigError(lines.join("\n"));
  }
  const values = parsed.data;
  const dataFolder = resolve(values.MAILBRAKE_DATA ?? defaultDataFolder(environment));
  return {
    host: values.MAILBRAKE_HOST,
    port: values.MAILBRAKE_PORT,
    url: (values.MAILBRAKE_URL ?? defaultUrl(values.MAILBRAKE_HOST, values.MAILBRAKE_PORT)).replace(/\/$/, ""),
    dataFolder,
    databaseUrl: `file:${join(dataFolder, "mailbrake.sqlite")}`,
    secretFile: resolve(values.MAILBRAKE_SECRET_FILE ?? join(dataFolder, "secret.key")),
    secret: values.MAILBRAKE_SECRET ?? null,
    protectedLane: values.MAILBRAKE_PROTECT,
    logLevel: values.MAILBRAKE_LOG,
    trustedProxies: values.MAILBRAKE_TRUSTED_PROXY,
  };
}

function defaultUrl(host: string, port: number): string {
  const anyAddress = host === "0.0.0.0" || host === "::";
  const name = anyAddress ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

/** Where each system keeps what a user's programs store. */
function defaultDataFolder(environment: Record<string, string | undefined>): string {
  if (process.platform === "win32" && environment.LOCALAPPDATA) return join(environment.LOCALAPPDATA, "Mailbrake");
  if (process.platform === "darwin") return join(homedir(), "Library", "Application Support", "Mailbrake");
  return join(environment.XDG_DATA_HOME ?? join(homedir(), ".local", "share"), "mailbrake");
}
