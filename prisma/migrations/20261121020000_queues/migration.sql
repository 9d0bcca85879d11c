-- AlterTable
ALTER TABLE "Brake" ADD COLUMN "cutSessions" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "QueueAction" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "ref" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "selection" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "ratePerMinute" INTEGER,
    "stopAboveQueued" INTEGER,
    "stopAboveDeferredPerMinute" INTEGER,
    "createdAt" DATETIME NOT NULL,
    "createdById" TEXT NOT NULL,
    "createdBy" TEXT NOT NULL,
    "restoreOfId" TEXT,
    "stopAskedBy" TEXT,
    "stopReason" TEXT,
    "endedAt" DATETIME,
    CONSTRAINT "QueueAction_restoreOfId_fkey" FOREIGN KEY ("restoreOfId") REFERENCES "QueueAction" ("id") ON DELETE SET NULL ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "QueueJob" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "queueActionId" TEXT NOT NULL,
    "instanceId" TEXT NOT NULL,
    "hostId" TEXT NOT NULL,
    "restoreOfJob" TEXT,
    "state" TEXT NOT NULL,
    "stopWanted" BOOLEAN NOT NULL DEFAULT false,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "total" INTEGER NOT NULL DEFAULT 0,
    "done" INTEGER NOT NULL DEFAULT 0,
    "skipped" INTEGER NOT NULL DEFAULT 0,
    "failed" INTEGER NOT NULL DEFAULT 0,
    "detail" TEXT NOT NULL DEFAULT '',
    "backup" TEXT NOT NULL DEFAULT '',
    "askedAt" DATETIME NOT NULL,
    "startedAt" DATETIME,
    "answeredAt" DATETIME,
    "endedAt" DATETIME,
    CONSTRAINT "QueueJob_queueActionId_fkey" FOREIGN KEY ("queueActionId") REFERENCES "QueueAction" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "QueueJob_instanceId_fkey" FOREIGN KEY ("instanceId") REFERENCES "Instance" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "QueueJob_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Survey" (
    "instanceId" TEXT NOT NULL PRIMARY KEY,
    "takenAt" DATETIME NOT NULL,
    "body" TEXT NOT NULL,
    CONSTRAINT "Survey_instanceId_fkey" FOREIGN KEY ("instanceId") REFERENCES "Instance" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "QueueAction_ref_key" ON "QueueAction"("ref");

-- CreateIndex
CREATE INDEX "QueueAction_endedAt_createdAt_idx" ON "QueueAction"("endedAt", "createdAt");

-- CreateIndex
CREATE INDEX "QueueJob_queueActionId_idx" ON "QueueJob"("queueActionId");

-- CreateIndex
CREATE INDEX "QueueJob_hostId_endedAt_idx" ON "QueueJob"("hostId", "endedAt");

-- CreateIndex
CREATE INDEX "QueueJob_instanceId_idx" ON "QueueJob"("instanceId");
