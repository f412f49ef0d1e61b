// End failover test: the VM that was made for the test goes, with all that was written to it.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { verdictOf } from '../../model/verdict.ts';
import type { Recovery } from '../database/generated/client.ts';
import { defineOperation } from '../tasks/operation.ts';
import { type ObservedVm, observeVm } from '../vms/observe-vm.ts';
import { testReasons } from './judge-recovery.ts';

const endTestInputSchema = z.object({ vmId: objectIdSchema });
export type EndTestInput = z.infer<typeof endTestInputSchema>;

interface ObservedTest extends ObservedVm {
  recovery: Recovery | null;
}

export const endFailoverTest = defineOperation<EndTestInput, ObservedTest>({
  key: 'ReplicationManager.endFailoverTest',
  label: 'End failover test',
  input: endTestInputSchema,
  cancelable: false,
  async observe(tx, { vmId }) {
    const recovery = await tx.recovery.findUnique({ where: { vmId } });
    return { ...(await observeVm(tx, { vmId })), recovery };
  },
  privileges: (_, { vmId }) => [
    { privilege: 'VirtualMachine.Hbr.ReplicaManagement', objectId: vmId },
    { privilege: 'VirtualMachine.Inventory.Delete', objectId: vmId },
  ],
  judge: ({ vm, recovery }) => verdictOf(testReasons(vm, recovery)),
});
