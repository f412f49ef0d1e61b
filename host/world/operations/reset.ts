// A power cycle, as the guest's disks see it: the clients' connections end, and the filters hear of
// it.

import type { ChangeParts } from './change-parts.ts';
import type { OperationResult } from './operation.ts';
import { makeChange } from './standstill.ts';

export async function reset(parts: ChangeParts): Promise<OperationResult> {
  const { server, disks } = parts;
  const pause = await makeChange(parts, {
    kind: 'reset',
    disks: disks.list,
    changeOver: () => server.dropClients(),
  });
  return { ...pause, copiedBytes: 0 };
}
