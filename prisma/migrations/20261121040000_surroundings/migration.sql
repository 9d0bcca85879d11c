-- AlterTable
ALTER TABLE "Host" ADD COLUMN "surroundings" TEXT;
