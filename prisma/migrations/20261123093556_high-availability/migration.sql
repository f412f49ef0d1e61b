-- AlterTable
ALTER TABLE "Cluster" ADD COLUMN     "haAdmissionControl" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "haEnabled" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "haFailuresTolerated" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "haHostMonitoring" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "haRestartPriority" TEXT NOT NULL DEFAULT 'medium';

-- AlterTable
ALTER TABLE "Host" ADD COLUMN     "haReason" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "haSince" TIMESTAMP(3),
ADD COLUMN     "haState" TEXT NOT NULL DEFAULT '';

-- AlterTable
ALTER TABLE "Vm" ADD COLUMN     "haRestartPriority" TEXT,
ADD COLUMN     "haTrouble" JSONB;
