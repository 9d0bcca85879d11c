-- CreateTable
CREATE TABLE "ExternalPoint" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "role" TEXT,
    "note" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "createdBy" TEXT NOT NULL,
    "updatedAt" DATETIME NOT NULL,
    "updatedBy" TEXT NOT NULL,
    "removedAt" DATETIME
);

-- CreateTable
CREATE TABLE "ManualMechanism" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "externalPointId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "effect" TEXT NOT NULL,
    "senderSees" TEXT NOT NULL,
    "losesMail" BOOLEAN NOT NULL,
    "applySteps" TEXT NOT NULL,
    "undoSteps" TEXT NOT NULL,
    "links" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL,
    "updatedBy" TEXT NOT NULL,
    "removedAt" DATETIME,
    CONSTRAINT "ManualMechanism_externalPointId_fkey" FOREIGN KEY ("externalPointId") REFERENCES "ExternalPoint" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "ManualRun" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "externalPointId" TEXT NOT NULL,
    "manualMechanismId" TEXT NOT NULL,
    "standingMechanismId" TEXT,
    "pointName" TEXT NOT NULL,
    "mechanismName" TEXT NOT NULL,
    "effect" TEXT NOT NULL,
    "senderSees" TEXT NOT NULL,
    "losesMail" BOOLEAN NOT NULL,
    "reason" TEXT NOT NULL,
    "startedAt" DATETIME NOT NULL,
    "startedById" TEXT NOT NULL,
    "startedBy" TEXT NOT NULL,
    "saidOnAt" DATETIME,
    "saidOnBy" TEXT,
    "undoAskedAt" DATETIME,
    "undoAskedBy" TEXT,
    "undoReason" TEXT,
    "endedAt" DATETIME,
    "endedBy" TEXT,
    "endedHow" TEXT,
    "giveUpReason" TEXT,
    "leftAs" TEXT,
    CONSTRAINT "ManualRun_externalPointId_fkey" FOREIGN KEY ("externalPointId") REFERENCES "ExternalPoint" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "ManualRun_manualMechanismId_fkey" FOREIGN KEY ("manualMechanismId") REFERENCES "ManualMechanism" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "ManualStep" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "manualRunId" TEXT NOT NULL,
    "part" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "tickedAt" DATETIME,
    "tickedBy" TEXT,
    "tickedById" TEXT,
    CONSTRAINT "ManualStep_manualRunId_fkey" FOREIGN KEY ("manualRunId") REFERENCES "ManualRun" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE INDEX "ExternalPoint_removedAt_name_idx" ON "ExternalPoint"("removedAt", "name");

-- CreateIndex
CREATE INDEX "ManualMechanism_externalPointId_removedAt_idx" ON "ManualMechanism"("externalPointId", "removedAt");

-- CreateIndex
CREATE UNIQUE INDEX "ManualRun_standingMechanismId_key" ON "ManualRun"("standingMechanismId");

-- CreateIndex
CREATE INDEX "ManualRun_externalPointId_endedAt_idx" ON "ManualRun"("externalPointId", "endedAt");

-- CreateIndex
CREATE INDEX "ManualRun_manualMechanismId_standingMechanismId_idx" ON "ManualRun"("manualMechanismId", "standingMechanismId");

-- CreateIndex
CREATE UNIQUE INDEX "ManualStep_manualRunId_part_position_key" ON "ManualStep"("manualRunId", "part", "position");

