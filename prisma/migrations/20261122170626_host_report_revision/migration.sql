-- AlterTable
ALTER TABLE "Host" ADD COLUMN     "reportRevision" INTEGER NOT NULL DEFAULT 0;
