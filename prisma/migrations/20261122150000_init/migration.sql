-- CreateTable
CREATE TABLE "IdCounter" (
    "kind" TEXT NOT NULL,
    "next" INTEGER NOT NULL,

    CONSTRAINT "IdCounter_pkey" PRIMARY KEY ("kind")
);

-- CreateTable
CREATE TABLE "Datacenter" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "Datacenter_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Cluster" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "datacenterId" TEXT NOT NULL,
    "drsEnabled" BOOLEAN NOT NULL,
    "drsBehavior" TEXT NOT NULL,
    "drsThreshold" INTEGER NOT NULL,
    "drsLastRunAt" TIMESTAMP(3),
    "drsFaults" JSONB NOT NULL DEFAULT '[]',

    CONSTRAINT "Cluster_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Host" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "datacenterId" TEXT NOT NULL,
    "clusterId" TEXT,
    "agentUrl" TEXT NOT NULL,
    "agentToken" TEXT NOT NULL,
    "hostUuid" TEXT,
    "version" TEXT,
    "build" TEXT,
    "acceptanceLevel" TEXT,
    "cpuCores" INTEGER,
    "memoryMib" INTEGER,
    "connectionState" TEXT NOT NULL DEFAULT 'notResponding',
    "connectionReason" TEXT NOT NULL DEFAULT '',
    "maintenanceState" TEXT NOT NULL DEFAULT 'normal',
    "bootId" TEXT NOT NULL DEFAULT '',
    "eventCursor" INTEGER NOT NULL DEFAULT 0,
    "lastSeenAt" TIMESTAMP(3),

    CONSTRAINT "Host_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Datastore" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "datacenterId" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "capacityBytes" BIGINT NOT NULL DEFAULT 0,
    "freeBytes" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "Datastore_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "HostDatastore" (
    "hostId" TEXT NOT NULL,
    "datastoreId" TEXT NOT NULL,
    "accessible" BOOLEAN NOT NULL DEFAULT false,
    "message" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "HostDatastore_pkey" PRIMARY KEY ("hostId","datastoreId")
);

-- CreateTable
CREATE TABLE "Vm" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "instanceUuid" TEXT NOT NULL,
    "hostId" TEXT NOT NULL,
    "cpuCount" INTEGER NOT NULL,
    "memoryMib" INTEGER NOT NULL,
    "guestFullName" TEXT NOT NULL,
    "datastoreId" TEXT NOT NULL,
    "vmxPath" TEXT NOT NULL,
    "desiredPowerState" TEXT NOT NULL,
    "powerState" TEXT NOT NULL DEFAULT 'poweredOff',
    "worldState" TEXT NOT NULL DEFAULT 'off',
    "worldMessage" TEXT NOT NULL DEFAULT '',
    "nbdPort" INTEGER NOT NULL DEFAULT 0,
    "nbdSocketPath" TEXT NOT NULL DEFAULT '',
    "policyId" TEXT,
    "cpuUsage" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "residentBytes" BIGINT NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Vm_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Disk" (
    "vmId" TEXT NOT NULL,
    "key" INTEGER NOT NULL,
    "label" TEXT NOT NULL,
    "unit" TEXT NOT NULL,
    "datastoreId" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "capacityBytes" BIGINT NOT NULL,
    "policyId" TEXT,
    "policyGeneration" INTEGER,
    "filters" JSONB NOT NULL DEFAULT '[]',
    "reportedFilters" JSONB,
    "connections" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "Disk_pkey" PRIMARY KEY ("vmId","key")
);

-- CreateTable
CREATE TABLE "Vib" (
    "id" TEXT NOT NULL,
    "vibId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "vendor" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "summary" TEXT NOT NULL,
    "acceptanceLevel" TEXT NOT NULL,
    "fileName" TEXT NOT NULL,
    "sizeBytes" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "inspection" JSONB NOT NULL,
    "filterId" TEXT,
    "filterName" TEXT,
    "filterClass" TEXT,
    "addedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "addedBy" TEXT NOT NULL,

    CONSTRAINT "Vib_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ClusterFilter" (
    "clusterId" TEXT NOT NULL,
    "filterId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "vendor" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "summary" TEXT NOT NULL,
    "releaseDate" TEXT NOT NULL,
    "vibId" TEXT NOT NULL,
    "depotId" TEXT NOT NULL,
    "opType" TEXT NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "ClusterFilter_pkey" PRIMARY KEY ("clusterId","filterId")
);

-- CreateTable
CREATE TABLE "HostVib" (
    "hostId" TEXT NOT NULL,
    "vibId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "vendor" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "filterId" TEXT,
    "filterName" TEXT,
    "filterClass" TEXT,
    "available" BOOLEAN NOT NULL DEFAULT true,
    "installedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "HostVib_pkey" PRIMARY KEY ("hostId","vibId")
);

-- CreateTable
CREATE TABLE "HostFilterState" (
    "hostId" TEXT NOT NULL,
    "filterId" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "progress" INTEGER NOT NULL DEFAULT 0,
    "fault" JSONB,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "HostFilterState_pkey" PRIMARY KEY ("hostId","filterId")
);

-- CreateTable
CREATE TABLE "Policy" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "generation" INTEGER NOT NULL DEFAULT 1,
    "rules" JSONB NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdBy" TEXT NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "updatedBy" TEXT NOT NULL,

    CONSTRAINT "Policy_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Task" (
    "id" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "targetId" TEXT NOT NULL,
    "targetName" TEXT NOT NULL,
    "initiator" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "progress" INTEGER NOT NULL DEFAULT 0,
    "step" TEXT NOT NULL DEFAULT '',
    "input" JSONB NOT NULL,
    "checkpoint" JSONB,
    "result" JSONB,
    "fault" JSONB,
    "cancelable" BOOLEAN NOT NULL DEFAULT false,
    "cancelRequested" BOOLEAN NOT NULL DEFAULT false,
    "parentId" TEXT,
    "queuedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "startedAt" TIMESTAMP(3),
    "completedAt" TIMESTAMP(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "leaseOwner" TEXT,
    "leaseUntil" TIMESTAMP(3),

    CONSTRAINT "Task_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Event" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "type" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "initiator" TEXT NOT NULL DEFAULT '',
    "objects" TEXT[],
    "taskId" TEXT,
    "data" JSONB,

    CONSTRAINT "Event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Change" (
    "version" BIGSERIAL NOT NULL,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "object" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "value" JSONB,

    CONSTRAINT "Change_pkey" PRIMARY KEY ("version")
);

-- CreateTable
CREATE TABLE "Recommendation" (
    "id" TEXT NOT NULL,
    "clusterId" TEXT NOT NULL,
    "vmId" TEXT NOT NULL,
    "fromHostId" TEXT NOT NULL,
    "toHostId" TEXT NOT NULL,
    "priority" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "reasonText" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "taskId" TEXT,

    CONSTRAINT "Recommendation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "VmSample" (
    "vmId" TEXT NOT NULL,
    "at" TIMESTAMP(3) NOT NULL,
    "data" JSONB NOT NULL,

    CONSTRAINT "VmSample_pkey" PRIMARY KEY ("vmId","at")
);

-- CreateTable
CREATE TABLE "TraceFile" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "fileName" TEXT NOT NULL,
    "formatVersion" INTEGER NOT NULL,
    "records" INTEGER NOT NULL,
    "durationMs" DOUBLE PRECISION NOT NULL,
    "reads" INTEGER NOT NULL,
    "writes" INTEGER NOT NULL,
    "spanBytes" BIGINT NOT NULL,
    "sizeBytes" BIGINT NOT NULL,
    "addedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "addedBy" TEXT NOT NULL,

    CONSTRAINT "TraceFile_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "User" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "fullName" TEXT NOT NULL DEFAULT '',
    "passwordHash" TEXT NOT NULL,
    "disabled" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastSignInAt" TIMESTAMP(3),

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Session" (
    "tokenHash" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastUsedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMP(3) NOT NULL,
    "userAgent" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "Session_pkey" PRIMARY KEY ("tokenHash")
);

-- CreateTable
CREATE TABLE "Role" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "system" BOOLEAN NOT NULL,
    "privileges" TEXT[],

    CONSTRAINT "Role_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Permission" (
    "objectId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "roleId" INTEGER NOT NULL,
    "propagate" BOOLEAN NOT NULL,

    CONSTRAINT "Permission_pkey" PRIMARY KEY ("objectId","userId")
);

-- CreateIndex
CREATE UNIQUE INDEX "Datacenter_name_key" ON "Datacenter"("name");

-- CreateIndex
CREATE UNIQUE INDEX "Cluster_datacenterId_name_key" ON "Cluster"("datacenterId", "name");

-- CreateIndex
CREATE UNIQUE INDEX "Host_name_key" ON "Host"("name");

-- CreateIndex
CREATE INDEX "Host_clusterId_idx" ON "Host"("clusterId");

-- CreateIndex
CREATE UNIQUE INDEX "Datastore_name_key" ON "Datastore"("name");

-- CreateIndex
CREATE UNIQUE INDEX "Vm_name_key" ON "Vm"("name");

-- CreateIndex
CREATE UNIQUE INDEX "Vm_instanceUuid_key" ON "Vm"("instanceUuid");

-- CreateIndex
CREATE INDEX "Vm_hostId_idx" ON "Vm"("hostId");

-- CreateIndex
CREATE INDEX "Vm_powerState_name_idx" ON "Vm"("powerState", "name");

-- CreateIndex
CREATE INDEX "Disk_policyId_idx" ON "Disk"("policyId");

-- CreateIndex
CREATE INDEX "Disk_datastoreId_idx" ON "Disk"("datastoreId");

-- CreateIndex
CREATE UNIQUE INDEX "Vib_vibId_key" ON "Vib"("vibId");

-- CreateIndex
CREATE INDEX "Vib_filterName_idx" ON "Vib"("filterName");

-- CreateIndex
CREATE INDEX "HostVib_filterName_idx" ON "HostVib"("filterName");

-- CreateIndex
CREATE UNIQUE INDEX "Policy_name_key" ON "Policy"("name");

-- CreateIndex
CREATE INDEX "Task_state_queuedAt_idx" ON "Task"("state", "queuedAt");

-- CreateIndex
CREATE INDEX "Task_queuedAt_idx" ON "Task"("queuedAt");

-- CreateIndex
CREATE INDEX "Task_targetId_queuedAt_idx" ON "Task"("targetId", "queuedAt");

-- CreateIndex
CREATE INDEX "Event_at_idx" ON "Event"("at");

-- CreateIndex
CREATE INDEX "Event_objects_idx" ON "Event" USING GIN ("objects");

-- CreateIndex
CREATE INDEX "Recommendation_clusterId_idx" ON "Recommendation"("clusterId");

-- CreateIndex
CREATE UNIQUE INDEX "TraceFile_name_key" ON "TraceFile"("name");

-- CreateIndex
CREATE UNIQUE INDEX "User_name_key" ON "User"("name");

-- CreateIndex
CREATE INDEX "Session_userId_idx" ON "Session"("userId");

-- CreateIndex
CREATE UNIQUE INDEX "Role_name_key" ON "Role"("name");

-- AddForeignKey
ALTER TABLE "Cluster" ADD CONSTRAINT "Cluster_datacenterId_fkey" FOREIGN KEY ("datacenterId") REFERENCES "Datacenter"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Host" ADD CONSTRAINT "Host_datacenterId_fkey" FOREIGN KEY ("datacenterId") REFERENCES "Datacenter"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Host" ADD CONSTRAINT "Host_clusterId_fkey" FOREIGN KEY ("clusterId") REFERENCES "Cluster"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Datastore" ADD CONSTRAINT "Datastore_datacenterId_fkey" FOREIGN KEY ("datacenterId") REFERENCES "Datacenter"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "HostDatastore" ADD CONSTRAINT "HostDatastore_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "HostDatastore" ADD CONSTRAINT "HostDatastore_datastoreId_fkey" FOREIGN KEY ("datastoreId") REFERENCES "Datastore"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Vm" ADD CONSTRAINT "Vm_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Vm" ADD CONSTRAINT "Vm_policyId_fkey" FOREIGN KEY ("policyId") REFERENCES "Policy"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Disk" ADD CONSTRAINT "Disk_vmId_fkey" FOREIGN KEY ("vmId") REFERENCES "Vm"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Disk" ADD CONSTRAINT "Disk_datastoreId_fkey" FOREIGN KEY ("datastoreId") REFERENCES "Datastore"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Disk" ADD CONSTRAINT "Disk_policyId_fkey" FOREIGN KEY ("policyId") REFERENCES "Policy"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ClusterFilter" ADD CONSTRAINT "ClusterFilter_clusterId_fkey" FOREIGN KEY ("clusterId") REFERENCES "Cluster"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "HostVib" ADD CONSTRAINT "HostVib_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "HostFilterState" ADD CONSTRAINT "HostFilterState_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Recommendation" ADD CONSTRAINT "Recommendation_clusterId_fkey" FOREIGN KEY ("clusterId") REFERENCES "Cluster"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Session" ADD CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Permission" ADD CONSTRAINT "Permission_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Permission" ADD CONSTRAINT "Permission_roleId_fkey" FOREIGN KEY ("roleId") REFERENCES "Role"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
