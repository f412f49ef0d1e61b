-- CreateTable
CREATE TABLE "ReplicationTarget" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "port" INTEGER NOT NULL,
    "pairing" TEXT NOT NULL,
    "sealedKey" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdBy" TEXT NOT NULL,
    "checkedAt" TIMESTAMP(3),
    "trouble" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "ReplicationTarget_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Replica" (
    "targetId" TEXT NOT NULL,
    "diskId" TEXT NOT NULL,
    "report" JSONB NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Replica_pkey" PRIMARY KEY ("targetId","diskId")
);

-- CreateTable
CREATE TABLE "ReplicationBookmark" (
    "vmId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "at" TIMESTAMP(3) NOT NULL,
    "createdBy" TEXT NOT NULL,

    CONSTRAINT "ReplicationBookmark_pkey" PRIMARY KEY ("vmId","name")
);

-- CreateTable
CREATE TABLE "Recovery" (
    "vmId" TEXT NOT NULL,
    "vmName" TEXT NOT NULL,
    "sourceId" TEXT NOT NULL,
    "sourceName" TEXT NOT NULL,
    "targetId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "momentAt" TIMESTAMP(3),
    "state" TEXT NOT NULL,
    "moments" JSONB NOT NULL DEFAULT '[]',
    "createdBy" TEXT NOT NULL,
    "startedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "readyAt" TIMESTAMP(3),
    "endedAt" TIMESTAMP(3),

    CONSTRAINT "Recovery_pkey" PRIMARY KEY ("vmId")
);

-- CreateIndex
CREATE UNIQUE INDEX "ReplicationTarget_name_key" ON "ReplicationTarget"("name");

-- CreateIndex
CREATE INDEX "Recovery_sourceId_idx" ON "Recovery"("sourceId");

-- AddForeignKey
ALTER TABLE "Replica" ADD CONSTRAINT "Replica_targetId_fkey" FOREIGN KEY ("targetId") REFERENCES "ReplicationTarget"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Recovery" ADD CONSTRAINT "Recovery_targetId_fkey" FOREIGN KEY ("targetId") REFERENCES "ReplicationTarget"("id") ON DELETE CASCADE ON UPDATE CASCADE;
