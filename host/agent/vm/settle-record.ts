// What a VM's record says once the operation that was begun on its files has been finished or
// undone.
import type { DiskFiles } from '../../disk/extent-file.ts';
import type { ObjectStore } from '../../disk/object-store.ts';
import { type Settlement, settleIntent } from './vm-intent.ts';
import type { VmRecord } from './vm-record.ts';

/** Nothing may be at work on the VM's files. Null when no operation was begun. */
export async function settleRecord(
  { intent, spec, lastOperation }: VmRecord,
  objects: ObjectStore,
  files?: DiskFiles,
): Promise<{ settlement: Settlement; change: Partial<VmRecord> } | null> {
  if (intent === null) return null;
  const settlement = await settleIntent(intent, objects, files);
  if (settlement !== 'done') return { settlement, change: { intent: null } };
  const { operationKey, answer } = intent;
  const nbdPort = spec.nbdPort || intent.spec.nbdPort;
  return {
    settlement,
    change: {
      intent: null,
      spec: { ...intent.spec, nbdPort },
      lastOperation: answer === null ? lastOperation : { operationKey, answer },
    },
  };
}
