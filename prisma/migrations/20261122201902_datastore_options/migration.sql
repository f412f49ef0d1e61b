-- AlterTable
ALTER TABLE "Datastore" ADD COLUMN     "options" JSONB NOT NULL DEFAULT '{}';
