// Moments of a VM's disks that targets serve for a recovery: asked for, and given back.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { endTogether } from '../../rules/replication/one-end.ts';
import {
  queryReplicas,
  type ReplicaReport,
  serveMoment,
  stopServingMoment,
} from '../../wire/agent/target-rpc.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import type { Sealer } from '../secrets/sealer.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { type RecoverInput, recoverVm } from './recover-vm.ts';
import { replicaIdOf } from './replicated-disks.ts';
import { callTarget } from './target-connection.ts';
import { openTarget } from './targets.ts';

const momentSchema = z.object({
  diskKey: z.number().int(),
  label: z.string(),
  unit: z.string(),
  targetId: z.string(),
  exportName: z.string(),
  /** NBD URI under which hosts reach it. */
  device: z.string(),
  sizeBytes: z.number(),
  /** The moment, in microseconds since the Unix epoch. */
  timeUs: z.number(),
});
export type Moment = z.infer<typeof momentSchema>;
export const momentsSchema = z.array(momentSchema);

/**
 * The same moment of each disk. Those that an earlier run asked for are given back first: a target
 * that was started anew does not serve them any more.
 */
export async function serveMoments(
  context: TaskContext,
  input: RecoverInput,
  earlier: readonly Moment[],
): Promise<Moment[]> {
  const { db, sealer } = context;
  await stopMoments(context, earlier);
  const { source, copies } = await recoverVm.observe(db, input);
  const wanted = copies.flatMap(({ disk, target }) => (target ? [{ disk, target }] : []));
  const reports = new Map<string, ReplicaReport>();
  for (const { disk, target } of wanted) {
    const diskId = replicaIdOf({ instanceUuid: source.instanceUuid, diskKey: disk.key });
    const { replicas } = await callTarget(openTarget(sealer, target), queryReplicas, {});
    const report = replicas.find((each) => each.diskId === diskId);
    if (report) reports.set(diskId, report);
  }
  const known = [...reports.values()];
  const newest = known.flatMap(({ newestUs }) => newestUs ?? []);
  // All that any disk has up to there, the others have as well.
  const timeUs = input.at === null ? Math.min(...newest) : Date.parse(input.at) * 1000;
  // Of a VM that was powered off each disk has its own end, and all of them belong together.
  const isClosed = input.at === null && endTogether(known);
  const moments: Moment[] = [];
  for (const { disk, target } of wanted) {
    const diskId = replicaIdOf({ instanceUuid: source.instanceUuid, diskKey: disk.key });
    const open = openTarget(sealer, target);
    const end = isClosed ? reports.get(diskId)?.durable : undefined;
    const at = end === undefined ? { timeUs } : { sequence: end };
    const { moment, nbdPort } = await callTarget(open, serveMoment, { diskId, at });
    const { exportName, sizeBytes } = moment;
    const host = open.address.includes(':') ? `[${open.address}]` : open.address;
    moments.push({
      ...{ diskKey: disk.key, label: disk.label, unit: disk.unit, targetId: target.id },
      ...{ exportName, sizeBytes, timeUs, device: `nbd://${host}:${nbdPort}/${exportName}` },
    });
  }
  await transact(db, (tx) =>
    tx.recovery.update({ where: { vmId: input.vmId }, data: { moments } }),
  );
  return moments;
}

/** A target that is away keeps none of them: it forgets them when it is started again. */
export async function stopMoments(
  { db, sealer }: { db: Database; sealer: Sealer },
  moments: readonly Pick<Moment, 'targetId' | 'exportName'>[],
): Promise<void> {
  for (const { targetId, exportName } of moments) {
    const target = await db.replicationTarget.findUnique({ where: { id: targetId } });
    if (target === null) continue;
    try {
      await callTarget(openTarget(sealer, target), stopServingMoment, { exportName });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
}
