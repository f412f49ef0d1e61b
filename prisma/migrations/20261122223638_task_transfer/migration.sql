-- AlterTable
ALTER TABLE "Task" ADD COLUMN     "transfer" JSONB;

-- AlterTable
ALTER TABLE "Vm" ADD COLUMN     "consolidationNeeded" BOOLEAN NOT NULL DEFAULT false;
