-- AlterTable
ALTER TABLE "Datastore" ADD COLUMN     "objectsDigest" TEXT NOT NULL DEFAULT '';

-- AlterTable
ALTER TABLE "Disk" ADD COLUMN     "objectId" TEXT;

-- CreateTable
CREATE TABLE "StorageObject" (
    "datastoreId" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "sizeBytes" BIGINT NOT NULL,
    "usedBytes" BIGINT NOT NULL,
    "bytesToResync" BIGINT NOT NULL,
    "resyncTotalBytes" BIGINT NOT NULL,
    "components" JSONB NOT NULL,
    "since" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "StorageObject_pkey" PRIMARY KEY ("datastoreId","id")
);

-- AddForeignKey
ALTER TABLE "StorageObject" ADD CONSTRAINT "StorageObject_datastoreId_fkey" FOREIGN KEY ("datastoreId") REFERENCES "Datastore"("id") ON DELETE CASCADE ON UPDATE CASCADE;
