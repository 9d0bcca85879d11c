-- AlterTable
ALTER TABLE "Application" ADD COLUMN "effect" TEXT;
