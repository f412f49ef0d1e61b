-- AlterTable
ALTER TABLE "Vm" ADD COLUMN     "resourcePoolId" TEXT;

-- CreateTable
CREATE TABLE "ResourcePool" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "clusterId" TEXT,
    "hostId" TEXT,
    "parentId" TEXT,
    "memoryReservationMib" INTEGER NOT NULL DEFAULT 0,
    "memoryLimitMib" INTEGER,

    CONSTRAINT "ResourcePool_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "OnlineDepot" (
    "id" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "intervalMinutes" INTEGER NOT NULL,
    "nextSyncAt" TIMESTAMP(3),
    "state" TEXT NOT NULL DEFAULT 'never',
    "fault" JSONB,
    "lastSyncAt" TIMESTAMP(3),
    "lastGoodAt" TIMESTAMP(3),
    "addedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "addedBy" TEXT NOT NULL,

    CONSTRAINT "OnlineDepot_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "OnlineDepotVib" (
    "onlineDepotId" TEXT NOT NULL,
    "vibId" TEXT NOT NULL,
    "brought" BOOLEAN NOT NULL,
    "offered" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "OnlineDepotVib_pkey" PRIMARY KEY ("onlineDepotId","vibId")
);

-- CreateIndex
CREATE INDEX "ResourcePool_clusterId_idx" ON "ResourcePool"("clusterId");

-- CreateIndex
CREATE INDEX "ResourcePool_hostId_idx" ON "ResourcePool"("hostId");

-- CreateIndex
CREATE INDEX "ResourcePool_parentId_idx" ON "ResourcePool"("parentId");

-- CreateIndex
CREATE UNIQUE INDEX "OnlineDepot_url_key" ON "OnlineDepot"("url");

-- CreateIndex
CREATE INDEX "OnlineDepot_nextSyncAt_idx" ON "OnlineDepot"("nextSyncAt");

-- CreateIndex
CREATE INDEX "OnlineDepotVib_vibId_idx" ON "OnlineDepotVib"("vibId");

-- CreateIndex
CREATE INDEX "Vm_resourcePoolId_idx" ON "Vm"("resourcePoolId");

-- AddForeignKey
ALTER TABLE "ResourcePool" ADD CONSTRAINT "ResourcePool_clusterId_fkey" FOREIGN KEY ("clusterId") REFERENCES "Cluster"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ResourcePool" ADD CONSTRAINT "ResourcePool_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ResourcePool" ADD CONSTRAINT "ResourcePool_parentId_fkey" FOREIGN KEY ("parentId") REFERENCES "ResourcePool"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Vm" ADD CONSTRAINT "Vm_resourcePoolId_fkey" FOREIGN KEY ("resourcePoolId") REFERENCES "ResourcePool"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "OnlineDepotVib" ADD CONSTRAINT "OnlineDepotVib_onlineDepotId_fkey" FOREIGN KEY ("onlineDepotId") REFERENCES "OnlineDepot"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "OnlineDepotVib" ADD CONSTRAINT "OnlineDepotVib_vibId_fkey" FOREIGN KEY ("vibId") REFERENCES "Vib"("id") ON DELETE CASCADE ON UPDATE CASCADE;
