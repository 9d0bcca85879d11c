/**
 * Purpose: `node dist/migrate.js deploy FILE` applies the pending migrations; `diff` prints the SQL that is missing from the migrations folder.
 * Run by the server at start as a short-lived child process, so that the engine's memory isn't kept.
 * How it fails: a line on stderr, exit 1, and the database is as it was; see deploy-migrations.ts.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { deployMigrations } from "./deploy-migrations.ts";
import { emptyFilters, readMigrations, readSchema, withSchemaEngine } from "./schema-engine.ts";

/** The folder that holds schema.prisma and migrations/, seen from src and from dist alike. */
export const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));

/** SQL that leads from the migrations folder to schema.prisma; the engine's comment alone where they agree. */
export async function diff(): Promise<string> {
  const from = { tag: "migrations" as const, ...readMigrations(packageFolder) };
  const to = { tag: "schemaDatamodel" as const, ...readSchema(packageFolder) };
  const result = await withSchemaEngine(packageFolder, ":memory:", (engine) =>
    engine.diff({ from, to, script: true, exitCode: null, filters: emptyFilters }),
  );
  return result.stdout ?? "";
}

async function main([command, url]: string[]): Promise<void> {
  if (command === "deploy" && url !== undefined) {
    for (const name of await deployMigrations(packageFolder, url)) console.log(name);
  } else if (command === "diff") {
    console.log(await diff());
  } else {
    throw new Error("usage: migrate deploy DATABASE_FILE | migrate diff");
  }
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}
