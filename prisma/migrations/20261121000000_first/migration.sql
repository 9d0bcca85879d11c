-- CreateTable
CREATE TABLE "User" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "emailVerified" BOOLEAN NOT NULL DEFAULT false,
    "image" TEXT,
    "role" TEXT NOT NULL DEFAULT 'viewer',
    "disabled" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "Session" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "token" TEXT NOT NULL,
    "expiresAt" DATETIME NOT NULL,
    "ipAddress" TEXT,
    "userAgent" TEXT,
    "userId" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" DATETIME NOT NULL,
    CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Account" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "accountId" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "accessToken" TEXT,
    "refreshToken" TEXT,
    "idToken" TEXT,
    "accessTokenExpiresAt" DATETIME,
    "refreshTokenExpiresAt" DATETIME,
    "scope" TEXT,
    "password" TEXT,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" DATETIME NOT NULL,
    CONSTRAINT "Account_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Verification" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "identifier" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "expiresAt" DATETIME NOT NULL,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "OneTimeToken" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "purpose" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "expiresAt" DATETIME NOT NULL,
    "usedAt" DATETIME,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- CreateTable
CREATE TABLE "Secret" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "ciphertext" TEXT NOT NULL,
    "publicPart" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- CreateTable
CREATE TABLE "Host" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "port" INTEGER NOT NULL DEFAULT 22,
    "user" TEXT NOT NULL,
    "hostKey" TEXT NOT NULL,
    "hostKeyType" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "agentVersion" TEXT,
    "os" TEXT,
    "clockSkewSeconds" INTEGER,
    "lastSeenAt" DATETIME,
    "discoveredAt" DATETIME,
    "managementAddress" TEXT,
    "enrolledAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- CreateTable
CREATE TABLE "Enrolment" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "port" INTEGER NOT NULL,
    "tokenId" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "reportedUser" TEXT,
    "reportedVersion" TEXT,
    "reportedHostKeys" TEXT,
    "expiresAt" DATETIME NOT NULL,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdBy" TEXT NOT NULL,
    "hostId" TEXT
);

-- CreateTable
CREATE TABLE "Instance" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "hostId" TEXT NOT NULL,
    "instance" TEXT NOT NULL,
    "mta" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "configDir" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hostname" TEXT NOT NULL,
    "running" BOOLEAN NOT NULL,
    "armed" BOOLEAN NOT NULL,
    "domains" TEXT NOT NULL,
    "goneAt" DATETIME,
    "seenAt" DATETIME NOT NULL,
    CONSTRAINT "Instance_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "BlockPoint" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "hostId" TEXT NOT NULL,
    "instanceId" TEXT NOT NULL,
    "point" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "role" TEXT,
    "roleChosen" BOOLEAN NOT NULL DEFAULT false,
    "listens" TEXT NOT NULL,
    "cells" TEXT NOT NULL,
    "probe" TEXT,
    "goneAt" DATETIME,
    "seenAt" DATETIME NOT NULL,
    "runbookNote" TEXT NOT NULL DEFAULT '',
    "runbookLinks" TEXT NOT NULL DEFAULT '[]',
    "runbookUpdatedAt" DATETIME,
    "runbookUpdatedBy" TEXT,
    CONSTRAINT "BlockPoint_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "BlockPoint_instanceId_fkey" FOREIGN KEY ("instanceId") REFERENCES "Instance" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "MechanismPlan" (
    "blockPointId" TEXT NOT NULL,
    "effect" TEXT NOT NULL,
    "steps" TEXT NOT NULL,
    "error" TEXT,
    "plannedAt" DATETIME NOT NULL,

    PRIMARY KEY ("blockPointId", "effect"),
    CONSTRAINT "MechanismPlan_blockPointId_fkey" FOREIGN KEY ("blockPointId") REFERENCES "BlockPoint" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Brake" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "ref" TEXT NOT NULL,
    "effect" TEXT NOT NULL,
    "match" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "throttle" TEXT,
    "reason" TEXT NOT NULL,
    "origin" TEXT NOT NULL DEFAULT 'server',
    "createdAt" DATETIME NOT NULL,
    "createdById" TEXT NOT NULL,
    "createdBy" TEXT NOT NULL,
    "expiresAt" DATETIME,
    "wanted" TEXT NOT NULL,
    "liftedBy" TEXT,
    "liftReason" TEXT,
    "liftedAt" DATETIME,
    "endedAt" DATETIME
);

-- CreateTable
CREATE TABLE "Application" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "brakeId" TEXT NOT NULL,
    "blockPointId" TEXT NOT NULL,
    "hostId" TEXT NOT NULL,
    "wanted" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "detail" TEXT NOT NULL DEFAULT '',
    "orderNumber" INTEGER NOT NULL DEFAULT 1,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "nextAttemptAt" DATETIME,
    "askedAt" DATETIME NOT NULL,
    "sentAt" DATETIME,
    "answeredAt" DATETIME,
    "provedAt" DATETIME,
    "endedAt" DATETIME,
    "endedHow" TEXT,
    "releasedCount" INTEGER,
    CONSTRAINT "Application_brakeId_fkey" FOREIGN KEY ("brakeId") REFERENCES "Brake" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "Application_blockPointId_fkey" FOREIGN KEY ("blockPointId") REFERENCES "BlockPoint" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "Application_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Evidence" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "applicationId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "takenAt" DATETIME NOT NULL,
    "verdict" TEXT NOT NULL,
    "summary" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    CONSTRAINT "Evidence_applicationId_fkey" FOREIGN KEY ("applicationId") REFERENCES "Application" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "AuditEvent" (
    "sequence" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "at" TEXT NOT NULL,
    "actorKind" TEXT NOT NULL,
    "actorId" TEXT NOT NULL,
    "actorName" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "summary" TEXT NOT NULL,
    "data" TEXT NOT NULL,
    "previousHash" TEXT NOT NULL,
    "hash" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "AuditHead" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "sequence" INTEGER NOT NULL,
    "hash" TEXT NOT NULL,
    "seal" TEXT NOT NULL
);

-- CreateIndex
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");

-- CreateIndex
CREATE UNIQUE INDEX "Session_token_key" ON "Session"("token");

-- CreateIndex
CREATE INDEX "Session_userId_idx" ON "Session"("userId");

-- CreateIndex
CREATE INDEX "Account_userId_idx" ON "Account"("userId");

-- CreateIndex
CREATE INDEX "Verification_identifier_idx" ON "Verification"("identifier");

-- CreateIndex
CREATE UNIQUE INDEX "OneTimeToken_tokenHash_key" ON "OneTimeToken"("tokenHash");

-- CreateIndex
CREATE UNIQUE INDEX "Host_name_key" ON "Host"("name");

-- CreateIndex
CREATE UNIQUE INDEX "Instance_hostId_instance_key" ON "Instance"("hostId", "instance");

-- CreateIndex
CREATE INDEX "BlockPoint_hostId_idx" ON "BlockPoint"("hostId");

-- CreateIndex
CREATE UNIQUE INDEX "BlockPoint_instanceId_point_key" ON "BlockPoint"("instanceId", "point");

-- CreateIndex
CREATE UNIQUE INDEX "Brake_ref_key" ON "Brake"("ref");

-- CreateIndex
CREATE INDEX "Brake_endedAt_createdAt_idx" ON "Brake"("endedAt", "createdAt");

-- CreateIndex
CREATE INDEX "Application_brakeId_idx" ON "Application"("brakeId");

-- CreateIndex
CREATE INDEX "Application_hostId_endedAt_idx" ON "Application"("hostId", "endedAt");

-- CreateIndex
CREATE INDEX "Application_blockPointId_endedAt_idx" ON "Application"("blockPointId", "endedAt");

-- CreateIndex
CREATE INDEX "Application_state_idx" ON "Application"("state");

-- CreateIndex
CREATE INDEX "Evidence_applicationId_takenAt_idx" ON "Evidence"("applicationId", "takenAt");

-- CreateIndex
CREATE UNIQUE INDEX "AuditEvent_hash_key" ON "AuditEvent"("hash");

-- CreateIndex
CREATE INDEX "AuditEvent_action_idx" ON "AuditEvent"("action");

-- CreateIndex
CREATE INDEX "AuditEvent_target_idx" ON "AuditEvent"("target");

-- CreateIndex
CREATE INDEX "AuditEvent_actorId_idx" ON "AuditEvent"("actorId");

