-- AlterTable
ALTER TABLE "Recovery" ADD COLUMN     "decidedAt" TIMESTAMP(3),
ADD COLUMN     "decidedBy" TEXT,
ADD COLUMN     "failover" TEXT,
ADD COLUMN     "trouble" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "wasOn" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "Vm" ADD COLUMN     "replacedById" TEXT;
