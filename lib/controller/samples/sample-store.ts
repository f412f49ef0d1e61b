// Samples of the VMs' worlds: written in bulk by plain SQL, because there may be thousands each
// second.
import type { HostFilterSample, VmSample } from '../../model/io.ts';
import { CHANGE_LISTS, recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';

/** Samples are kept for so long, in seconds. */
const KEEP_SECONDS = 3600;

export interface TakenSample {
  vmId: string;
  sample: VmSample;
}

/** Appends samples, and says in one change which VMs they are of. */
export async function writeSamples(db: Database, taken: TakenSample[]): Promise<void> {
  if (taken.length === 0) return;
  const rows = JSON.stringify(taken.map(({ vmId, sample }) => ({ vmId, at: sample.at, sample })));
  await transact(db, async (tx) => {
    await tx.$executeRaw`
      INSERT INTO "VmSample" ("vmId", "at", "data")
      SELECT s."vmId", to_timestamp(s."at" / 1000.0) AT TIME ZONE 'UTC', s."sample"
      FROM jsonb_to_recordset(${rows}::jsonb) AS s("vmId" text, "at" float8, "sample" jsonb)
      ON CONFLICT DO NOTHING`;
    const vmIds = taken.map(({ vmId }) => vmId);
    await recordChanges(tx, [{ object: CHANGE_LISTS.samples, path: 'vms', value: vmIds }]);
  });
}

export interface VmUsage {
  vmId: string;
  /** Share of one core. */
  cpuUsage: number;
  residentBytes: number;
}

/** Writes the averages of VMs, and changes for those of which they moved visibly. */
export async function writeUsage(db: Database, usage: VmUsage[]): Promise<void> {
  if (usage.length === 0) return;
  const rows = JSON.stringify(usage);
  await transact(db, async (tx) => {
    const moved = await tx.$queryRaw<{ id: string; hostId: string }[]>`
      WITH taken AS (
        SELECT * FROM jsonb_to_recordset(${rows}::jsonb)
          AS u("vmId" text, "cpuUsage" float8, "residentBytes" float8)
      ), before AS (
        SELECT v."id", v."cpuUsage" FROM "Vm" v JOIN taken t ON t."vmId" = v."id"
      ), written AS (
        UPDATE "Vm" v SET "cpuUsage" = t."cpuUsage", "residentBytes" = t."residentBytes"::bigint
        FROM taken t WHERE v."id" = t."vmId"
        RETURNING v."id", v."hostId", v."cpuUsage"
      )
      SELECT w."id", w."hostId" FROM written w JOIN before b ON b."id" = w."id"
      WHERE abs(w."cpuUsage" - b."cpuUsage") > 0.01`;
    const objects = new Set(moved.flatMap(({ id, hostId }) => [id, hostId]));
    await recordChanges(
      tx,
      [...objects].map((object) => ({ object, path: 'cpuUsage' })),
    );
  });
}

/** Appends what filters do on hosts; a page that shows it asks again by itself. */
export async function writeHostFilters(
  db: Database,
  samples: { hostId: string; sample: HostFilterSample }[],
): Promise<void> {
  if (samples.length === 0) return;
  await db.hostFilterSample.createMany({
    data: samples.map(({ hostId, sample }) => ({
      ...{ hostId, at: new Date(sample.at), data: sample },
    })),
    skipDuplicates: true,
  });
}

/** Forgets old samples. */
export async function trimSamples(db: Database): Promise<void> {
  await db.$executeRaw`
    DELETE FROM "HostFilterSample"
    WHERE "at" < (now() AT TIME ZONE 'UTC') - make_interval(secs => ${KEEP_SECONDS}::float8)`;
  await db.$executeRaw`
    DELETE FROM "VmSample"
    WHERE "at" < (now() AT TIME ZONE 'UTC') - make_interval(secs => ${KEEP_SECONDS}::float8)`;
}
