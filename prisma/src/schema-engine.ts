/**
 * Prisma's schema engine as WebAssembly. The native one that `prisma migrate` needs is downloaded at install time and is not on npm;
 * this one is, and writes and honours the same `_prisma_migrations` table. See docs/adr/0002-prisma-migrations-by-wasm-engine.md.
 */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import type { SqlDriverAdapter } from "@prisma/driver-adapter-utils";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import type { MigrationList, SchemaEngine, SchemasContainer } from "@prisma/schema-engine-wasm";
import * as glue from "@prisma/schema-engine-wasm/schema_engine_bg";

/** As much of it as is used: Node's types leave it to the browser's. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: Record<string, unknown>) => { exports: Record<string, unknown> };
};

const schemaPath = "schema.prisma";
export const emptyFilters = { externalTables: [], externalEnums: [] };

let loaded: typeof SchemaEngine | undefined;

/** Once a process: the glue module knows one instance, and a second one would answer with the first one's memory. */
function loadEngine(): typeof SchemaEngine {
  loaded ??= instantiateEngine();
  return loaded;
}

function instantiateEngine(): typeof SchemaEngine {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve("@prisma/schema-engine-wasm/schema_engine_bg"));
  const module = new WebAssembly.Module(readFileSync(join(folder, "schema_engine_bg.wasm")));
  const instance = new WebAssembly.Instance(module, { "./schema_engine_bg.js": glue });
  const { __wbg_set_wasm: setWasm, SchemaEngine: engine } = glue as unknown as {
    __wbg_set_wasm: (exports: unknown) => void;
    SchemaEngine: typeof SchemaEngine;
  };
  setWasm(instance.exports);
  const { __wbindgen_start: start } = instance.exports;
  if (typeof start === "function") start();
  return engine;
}

/** Reads schema.prisma from the package's folder. */
export function readSchema(packageFolder: string): SchemasContainer {
  return { files: [{ path: schemaPath, content: readFileSync(join(packageFolder, schemaPath), "utf8") }] };
}

/** Reads the migrations folder, oldest first. */
export function readMigrations(packageFolder: string): MigrationList {
  const baseDir = join(packageFolder, "migrations");
  const names = readdirSync(baseDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return {
    baseDir,
    lockfile: { path: "migration_lock.toml", content: readFileSync(join(baseDir, "migration_lock.toml"), "utf8") },
    shadowDbInitScript: "",
    migrationDirectories: names.map((name) => ({
      path: name,
      migrationFile: {
        path: "migration.sql",
        content: { tag: "ok", value: readFileSync(join(baseDir, name, "migration.sql"), "utf8") },
      },
    })),
  };
}

/** The engine hands a whole migration to executeRaw, and better-sqlite3 prepares one statement at a time. */
function runScriptsWhole(adapter: SqlDriverAdapter): SqlDriverAdapter {
  const executeRaw = adapter.executeRaw.bind(adapter);
  adapter.executeRaw = async (query) => {
    if (query.args.length > 0) return executeRaw(query);
    await adapter.executeScript(query.sql);
    return 0;
  };
  return adapter;
}

/**
 * Runs `work` with an engine on the SQLite file at `databasePath` (`:memory:` is allowed).
 * The engine and its memory go with the process; see migrate.ts.
 */
export async function withSchemaEngine<T>(
  packageFolder: string,
  databasePath: string,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const sqlite = new PrismaBetterSqlite3({ url: databasePath, timeout: 5_000 }, { shadowDatabaseUrl: ":memory:" });
  const connections: SqlDriverAdapter[] = [];
  const keep = (connection: SqlDriverAdapter) => {
    connections.push(connection);
    return runScriptsWhole(connection);
  };
  const factory = bindMigrationAwareSqlAdapterFactory({
    provider: sqlite.provider,
    adapterName: sqlite.adapterName,
    connect: async () => keep(await sqlite.connect()),
    connectToShadowDb: async () => keep(await sqlite.connectToShadowDb()),
  });
  const datamodels = readSchema(packageFolder).files.map((file): [string, string] => [file.path, file.content]);
  const engine = await loadEngine().new({ datamodels }, () => {}, factory);
  try {
    return await work(engine);
  } finally {
    engine.free();
    // The engine opens connections and leaves them, locks and all.
    for (const connection of connections) await connection.dispose();
  }
}
