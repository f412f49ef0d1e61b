-- CreateTable
CREATE TABLE "KeyProvider" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "isDefault" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdBy" TEXT NOT NULL,
    "backedUpAt" TIMESTAMP(3),
    "backedUp" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "KeyProvider_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ProviderKey" (
    "providerId" TEXT NOT NULL,
    "keyId" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ProviderKey_pkey" PRIMARY KEY ("providerId","keyId")
);

-- CreateIndex
CREATE UNIQUE INDEX "KeyProvider_name_key" ON "KeyProvider"("name");

-- AddForeignKey
ALTER TABLE "ProviderKey" ADD CONSTRAINT "ProviderKey_providerId_fkey" FOREIGN KEY ("providerId") REFERENCES "KeyProvider"("id") ON DELETE CASCADE ON UPDATE CASCADE;
