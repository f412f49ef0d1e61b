// A folder on datastores for the files of a new VM: its name, unless another VM, which had that
// name before, has its files there.
import type { DatabaseTransaction } from '../database/client.ts';

/** `web01`, else `web01_1`, `web01_2`, … */
export async function freeFolder(tx: DatabaseTransaction, name: string): Promise<string> {
  for (let number = 0; ; number += 1) {
    const folder = number === 0 ? name : `${name}_${number}`;
    const inside = { startsWith: `${folder}/` };
    const taken = await tx.vm.findFirst({
      where: { OR: [{ vmxPath: inside }, { disks: { some: { path: inside } } }] },
      select: { id: true },
    });
    if (!taken) return folder;
  }
}
