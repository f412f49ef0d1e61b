// Whether a clone that is being made will have a name.
import type { DatabaseTransaction } from '../database/client.ts';

/** Of other VMs: a clone of this one holds the VM, so that nothing else can be done with it. */
export async function isNameOfClone(
  tx: DatabaseTransaction,
  name: string,
  exceptOfVmId: string,
): Promise<boolean> {
  const cloning = await tx.task.findFirst({
    where: {
      operation: 'VirtualMachine.clone',
      targetId: { not: exceptOfVmId },
      state: { in: ['queued', 'running'] },
      input: { path: ['name'], equals: name },
    },
    select: { id: true },
  });
  return cloning !== null;
}
