-- AlterTable
ALTER TABLE "ClusterFilter" ADD COLUMN     "previousVersion" TEXT NOT NULL DEFAULT '';

-- AlterTable
ALTER TABLE "Task" ADD COLUMN     "pausable" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "pauseRequested" BOOLEAN NOT NULL DEFAULT false;
