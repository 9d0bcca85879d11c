export { applyMigrations, applyMigrationsHere } from "./apply-migrations.ts";
export { Prisma, PrismaClient } from "./generated/client.ts";
export { type FolderLock, lockFolder } from "./lock-folder.ts";
export { databasePath, openStore } from "./open-store.ts";
