-- AlterTable
ALTER TABLE "Replica" ADD COLUMN     "alarm" TEXT NOT NULL DEFAULT '';
