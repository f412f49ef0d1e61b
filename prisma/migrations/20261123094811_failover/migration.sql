-- AlterTable
ALTER TABLE "Recovery" ADD COLUMN     "era" INTEGER,
ADD COLUMN     "loss" JSONB;

-- AlterTable
ALTER TABLE "Vm" ADD COLUMN     "replicationEra" INTEGER NOT NULL DEFAULT 1;
