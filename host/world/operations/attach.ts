// A disk more or less while the VM works: its export comes and goes, and the clients of the other
// disks notice nothing.
import type { ServedDisk } from '../../disk/served-disk.ts';
import type { ChangeParts } from './change-parts.ts';
import type { OperationOf, OperationResult } from './operation.ts';
import { makeChange } from './standstill.ts';

export async function attach(
  parts: ChangeParts,
  { disk }: OperationOf<'attach'>,
): Promise<OperationResult> {
  const { server, disks } = parts;
  const added: ServedDisk = await disks.add(disk);
  try {
    const pause = await makeChange(parts, {
      kind: 'attach',
      disks: [added],
      changeOver: () => server.addExport(added),
    });
    return { ...pause, copiedBytes: 0 };
  } catch (thrown) {
    await disks.remove(added);
    throw thrown;
  }
}

export async function detach(
  parts: ChangeParts,
  { key }: OperationOf<'detach'>,
): Promise<OperationResult> {
  const { server, disks } = parts;
  const disk = disks.find(key);
  const pause = await makeChange(parts, {
    kind: 'detach',
    disks: [disk],
    changeOver: () => server.removeExport(disk),
  });
  await disks.remove(disk);
  return { ...pause, copiedBytes: 0 };
}
