-- AlterTable
ALTER TABLE "Datastore" ADD COLUMN     "objectHealth" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "Disk" ADD COLUMN     "backing" TEXT NOT NULL DEFAULT 'flat',
ADD COLUMN     "health" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "provisioning" TEXT NOT NULL DEFAULT 'thin',
ADD COLUMN     "usedBytes" BIGINT;

-- AlterTable
ALTER TABLE "Vm" ADD COLUMN     "currentSnapshotId" INTEGER,
ADD COLUMN     "isTemplate" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "layoutReadAt" TIMESTAMP(3),
ADD COLUMN     "parentSnapshotId" INTEGER,
ADD COLUMN     "parentVmId" TEXT;

-- CreateTable
CREATE TABLE "Snapshot" (
    "vmId" TEXT NOT NULL,
    "id" INTEGER NOT NULL,
    "parentId" INTEGER,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "quiesced" BOOLEAN NOT NULL,
    "disks" JSONB NOT NULL,

    CONSTRAINT "Snapshot_pkey" PRIMARY KEY ("vmId","id")
);

-- CreateIndex
CREATE INDEX "Vm_parentVmId_idx" ON "Vm"("parentVmId");

-- CreateIndex
CREATE INDEX "Vm_layoutReadAt_idx" ON "Vm"("layoutReadAt");

-- AddForeignKey
ALTER TABLE "Snapshot" ADD CONSTRAINT "Snapshot_vmId_fkey" FOREIGN KEY ("vmId") REFERENCES "Vm"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The roles that were made before these privileges were checked.
UPDATE "Role" SET "privileges" = "privileges" || ARRAY[
  'Host.Config.Storage',
  'VirtualMachine.Config.AddNewDisk',
  'VirtualMachine.Config.AddExistingDisk',
  'VirtualMachine.Config.RawDevice',
  'VirtualMachine.Config.RemoveDisk',
  'VirtualMachine.Config.DiskExtend',
  'VirtualMachine.Interact.Suspend',
  'VirtualMachine.Interact.Reset',
  'VirtualMachine.Inventory.CreateFromExisting',
  'VirtualMachine.Inventory.Delete',
  'VirtualMachine.Provisioning.Clone',
  'VirtualMachine.Provisioning.CloneTemplate',
  'VirtualMachine.Provisioning.CreateTemplateFromVM',
  'VirtualMachine.Provisioning.DeployTemplate',
  'VirtualMachine.Provisioning.MarkAsTemplate',
  'VirtualMachine.Provisioning.MarkAsVM',
  'VirtualMachine.State.CreateSnapshot',
  'VirtualMachine.State.RemoveSnapshot',
  'VirtualMachine.State.RenameSnapshot',
  'VirtualMachine.State.RevertToSnapshot',
  'Datastore.AllocateSpace',
  'Datastore.Delete'
] WHERE "id" = -1;
UPDATE "Role" SET "privileges" = "privileges" || ARRAY[
  'VirtualMachine.Config.AddNewDisk',
  'VirtualMachine.Config.AddExistingDisk',
  'VirtualMachine.Config.RawDevice',
  'VirtualMachine.Config.RemoveDisk',
  'VirtualMachine.Config.DiskExtend',
  'VirtualMachine.Interact.Suspend',
  'VirtualMachine.Interact.Reset',
  'VirtualMachine.State.CreateSnapshot',
  'VirtualMachine.State.RemoveSnapshot',
  'VirtualMachine.State.RenameSnapshot',
  'VirtualMachine.State.RevertToSnapshot',
  'Datastore.AllocateSpace'
] WHERE "id" = 4;
