-- CreateTable
CREATE TABLE "HostFilterSample" (
    "hostId" TEXT NOT NULL,
    "at" TIMESTAMP(3) NOT NULL,
    "data" JSONB NOT NULL,

    CONSTRAINT "HostFilterSample_pkey" PRIMARY KEY ("hostId","at")
);
