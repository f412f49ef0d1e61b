-- AlterTable
ALTER TABLE "KeyProvider" ADD COLUMN     "checkedAt" TIMESTAMP(3),
ADD COLUMN     "clientKey" TEXT,
ADD COLUMN     "namespace" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "server" JSONB,
ADD COLUMN     "trouble" TEXT NOT NULL DEFAULT '';

-- AlterTable
ALTER TABLE "ProviderKey" ADD COLUMN     "remoteId" TEXT;
