import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deployMigrations } from "./deploy-migrations.ts";
import { applyMigrations, applyMigrationsHere, lockFolder, openStore } from "./index.ts";
import { diff, packageFolder } from "./migrate.ts";

const migrationNames = readdirSync(join(packageFolder, "migrations")).filter((name) => !name.endsWith(".toml"));
const token = (id: string) => ({ id, purpose: "test", tokenHash: id, expiresAt: new Date() });

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mailbrake-prisma-"));
  file = join(folder, "test.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the migrations", () => {
  it("lead to schema.prisma exactly", async () => {
    expect((await diff()).trim()).toBe("-- This is an empty migration.");
  });

  it("are applied once, in a child process, and recorded as Prisma records them", async () => {
    expect(await applyMigrations(`file:${file}`)).toEqual(migrationNames);
    expect(await applyMigrations(`file:${file}`)).toEqual([]);
    const rows = new Database(file, { readonly: true }).prepare("SELECT * FROM _prisma_migrations").all();
    expect(rows).toMatchObject(migrationNames.map((name) => ({ migration_name: name, applied_steps_count: 1 })));
  });

  it("keep what is in the database", async () => {
    await applyMigrationsHere(file);
    const store = openStore(file);
    await store.oneTimeToken.create({ data: token("kept") });
    await store.$disconnect();
    await applyMigrationsHere(file);
    const again = openStore(file);
    expect(await again.oneTimeToken.count()).toBe(1);
    await again.$disconnect();
  });

  it("leave the database as it was when one of them fails, and go on once the cause is gone", async () => {
    await applyMigrationsHere(file);
    const store = openStore(file);
    await store.oneTimeToken.create({ data: token("kept") });
    await store.$disconnect();
    const own = join(folder, "package");
    cpSync(join(packageFolder, "migrations"), join(own, "migrations"), { recursive: true });
    cpSync(join(packageFolder, "schema.prisma"), join(own, "schema.prisma"));
    const next = join(own, "migrations", "20991231000000_next");
    mkdirSync(next);
    const good = 'CREATE TABLE "Next" ("id" TEXT NOT NULL PRIMARY KEY);\n';
    writeFileSync(join(next, "migration.sql"), `${good}INSERT INTO "NoSuchTable" VALUES (1);\n`);
    const before = readFileSync(file);
    await expect(deployMigrations(own, file)).rejects.toThrow(/NoSuchTable/);
    expect(readFileSync(file).subarray(100).equals(before.subarray(100))).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["package", "test.sqlite"]);
    writeFileSync(join(next, "migration.sql"), good);
    expect(await deployMigrations(own, file)).toEqual(["20991231000000_next"]);
    const database = new Database(file, { readonly: true });
    expect(database.prepare(`SELECT id FROM "OneTimeToken"`).pluck().all()).toEqual(["kept"]);
    expect(database.prepare(`SELECT count(*) FROM "Next"`).pluck().get()).toBe(0);
    database.close();
  });

  it("say what is wrong with a file that is no database", async () => {
    writeFileSync(file, "this is not a database, but a text of some length");
    await expect(applyMigrations(`file:${file}`)).rejects.toThrow(/could not be brought up to date.*not a database/s);
  });
});

describe("the store", () => {
  it("keeps its files to itself, and each commit on the disk", async () => {
    await applyMigrationsHere(file);
    const store = openStore(`file:${file}`);
    await store.oneTimeToken.create({ data: token("a") });
    if (process.platform !== "win32")
      for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
    const setting = (name: string) =>
      store.$transaction((transaction) => transaction.$queryRawUnsafe<object[]>(`PRAGMA ${name}`));
    expect(await setting("journal_mode")).toEqual([{ journal_mode: "wal" }]);
    expect(await setting("synchronous")).toEqual([{ synchronous: 2n }]);
    expect(await setting("foreign_keys")).toEqual([{ foreign_keys: 1n }]);
    await store.$disconnect();
  });

  it("refuses a URL that is no file", () => {
    expect(() => openStore("postgresql://localhost/mailbrake")).toThrow("must be a file");
    expect(() => openStore(":memory:")).toThrow("must be a file");
  });

  it("goes on after a transaction whose commit failed", async () => {
    await applyMigrationsHere(file);
    const store = openStore(file);
    // A deferred foreign key is checked at COMMIT, and makes that fail.
    const failed = store.$transaction(async (transaction) => {
      await transaction.$executeRawUnsafe("PRAGMA defer_foreign_keys=ON");
      await transaction.$executeRawUnsafe(
        `INSERT INTO "MechanismPlan" ("blockPointId","effect","steps","plannedAt") VALUES ('none','hold','[]','2026-01-01')`,
      );
    });
    await expect(failed).rejects.toThrow("ForeignKeyConstraintViolation");
    await store.$transaction((transaction) => transaction.oneTimeToken.create({ data: token("after") }));
    expect(await store.oneTimeToken.count()).toBe(1);
    expect(await store.mechanismPlan.count()).toBe(0);
    await store.$disconnect();
  });

  it("goes on after the disk was full", async () => {
    await applyMigrationsHere(file);
    const store = openStore(file);
    await store.$transaction((transaction) => transaction.$executeRawUnsafe("PRAGMA max_page_count=1"));
    const large = { ...token("large"), purpose: "x".repeat(2_000_000) };
    const write = () => store.$transaction((transaction) => transaction.oneTimeToken.create({ data: large }));
    await expect(write()).rejects.toThrow(/full/i);
    await expect(write()).rejects.toThrow(/full/i);
    await store.$transaction((transaction) => transaction.$executeRawUnsafe("PRAGMA max_page_count=100000"));
    await write();
    expect(await store.oneTimeToken.count()).toBe(1);
    await store.$disconnect();
  });

  it("loses no commit when the process is killed", async () => {
    await applyMigrationsHere(file);
    const program = `
      import { openStore } from ${JSON.stringify(join(packageFolder, "dist/index.js"))};
      const store = openStore(${JSON.stringify(file)});
      const row = (id) => ({ data: { id, purpose: "test", tokenHash: id, expiresAt: new Date() } });
      await store.oneTimeToken.create(row("committed"));
      await store.$transaction(async (transaction) => {
        await transaction.oneTimeToken.create(row("open"));
        process.kill(process.pid, "SIGKILL");
        await new Promise(() => {});
      });`;
    expect(() => execFileSync(process.execPath, ["--input-type=module", "-e", program], { stdio: "pipe" })).toThrow();
    const store = openStore(file);
    expect((await store.oneTimeToken.findMany()).map((row) => row.id)).toEqual(["committed"]);
    await store.$disconnect();
  });
});

describe("the folder's lock", () => {
  it("is one process's alone and goes with it", () => {
    const lock = lockFolder(folder);
    expect(lock).not.toBeNull();
    expect(lockFolder(folder)).toBeNull();
    lock?.release();
    const again = lockFolder(folder);
    expect(again).not.toBeNull();
    again?.release();
  });
});
