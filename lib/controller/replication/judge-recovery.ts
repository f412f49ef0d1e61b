// The verdicts on what can be done with a VM's copies, as its page shows them.
import type { Reason } from '../../model/fault.ts';
import type { Verdict } from '../../model/verdict.ts';
import { copyReasons } from '../../rules/replication/recovery.ts';
import type { ReplicatedDisk } from '../../wire/api/replication.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Recovery } from '../database/generated/client.ts';
import { failoverFacts } from '../failover/read-failover.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeActions } from '../permissions/judge-actions.ts';

export async function judgeReplicationActions(
  db: DatabaseTransaction,
  caller: Caller,
  facts: {
    vm: { id: string; name: string };
    disks: readonly ReplicatedDisk[];
    recoveredFrom: Recovery | null;
    /** Labels of disks that are not replicated. */
    left: readonly string[];
  },
): Promise<Record<string, Verdict>> {
  const { vm, disks, recoveredFrom } = facts;
  const failover = await failoverFacts(db, vm.id, facts);
  const wanted = [{ privilege: 'VirtualMachine.Hbr.ReplicaManagement', objectId: vm.id } as const];
  const reasons = copyReasons({ source: vm, copies: disks });
  return judgeActions<string>(db, caller, {
    ...failover,
    recover: { wanted, reasons },
    bookmark: { wanted, reasons: disks.length === 0 ? reasons : [] },
    endTest: { wanted, reasons: testReasons(vm, recoveredFrom) },
  });
}

/** Why there is no test to end. */
export function testReasons(
  vm: { id: string; name: string },
  recovery: Pick<Recovery, 'kind' | 'state'> | null,
): Reason[] {
  if (recovery?.kind === 'test' && recovery.state === 'serving') return [];
  const message = `${vm.name} was not made for a test of a failover, or is not ready yet.`;
  return [{ fault: 'InvalidState', message, objects: [vm.id] }];
}
