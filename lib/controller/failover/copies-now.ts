// What the targets of a VM's disks say of their copies at this moment, and the era that they are
// told to be in.
import { Fault } from '../../model/fault.ts';
import { queryReplicas, type ReplicaReport, raiseEra } from '../../wire/agent/target-rpc.ts';
import type { Database } from '../database/client.ts';
import type { ReplicationTarget } from '../database/generated/client.ts';
import type { DiskCopy } from '../replication/read-vm-replication.ts';
import { replicaIdOf } from '../replication/replicated-disks.ts';
import { callTarget } from '../replication/target-connection.ts';
import { openTarget } from '../replication/targets.ts';
import type { Sealer } from '../secrets/sealer.ts';
import type { VmRow } from '../vms/vm-store.ts';

export interface CopyNow {
  target: ReplicationTarget;
  label: string;
  report: ReplicaReport;
}

type Parts = { db: Database; sealer: Sealer };

/** One for each copy. Throws `HostNotReachable`, and `NotFound` for a copy that is not there. */
export async function readCopiesNow(
  { sealer }: Parts,
  source: VmRow,
  copies: readonly DiskCopy[],
): Promise<CopyNow[]> {
  const known = new Map<string, ReplicaReport[]>();
  const found: CopyNow[] = [];
  for (const { disk, target } of copies) {
    if (target === null) throw missing(disk.label, source);
    const asked = known.get(target.id);
    const reports =
      asked ?? (await callTarget(openTarget(sealer, target), queryReplicas, {})).replicas;
    known.set(target.id, reports);
    const name = replicaIdOf({ instanceUuid: source.instanceUuid, diskKey: disk.key });
    const report = reports.find(({ diskId }) => diskId === name);
    if (report === undefined) throw missing(disk.label, source);
    found.push({ target, label: disk.label, report });
  }
  return found;
}

/**
 * Durably at every target: from then on nothing of the source is taken, also when it was never
 * told. Throws `HostNotReachable`, and `InvalidState` when a copy is in a later era.
 */
export async function raiseEras(
  { sealer }: Parts,
  copies: readonly CopyNow[],
  era: number,
): Promise<void> {
  for (const { target, label, report } of copies) {
    const { diskId } = report;
    const answer = await callTarget(openTarget(sealer, target), raiseEra, { diskId, era });
    if (answer.era === era) continue;
    const message = `The copy of ${label} at ${target.name} is in a later era already.`;
    throw new Fault('InvalidState', message, { data: { era: answer.era } });
  }
}

function missing(label: string, { name }: VmRow): Fault {
  return new Fault('NotFound', `There is no copy of ${label} of ${name}.`);
}
