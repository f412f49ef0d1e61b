-- AlterTable
ALTER TABLE "Vm" ADD COLUMN     "trouble" JSONB;
