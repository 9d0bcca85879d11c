export { applyMigrations, applyMigrationsHere } from "./apply-migrations.ts";
export { Prisma, PrismaClient } from "./generated/client.ts";
export { databasePath, openStore } from "./open-store.ts";
