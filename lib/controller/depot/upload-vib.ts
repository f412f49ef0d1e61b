// Uploads a VIB or an offline bundle into the depot.
import { readFile } from 'node:fs/promises';
import { Mutex } from '../../base/mutex.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { VIB_BYTES_MAX } from '../../model/limits.ts';
import type { DepotVibView } from '../../wire/api/operations.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { type AddVibsOptions, addVibs } from './add-vibs.ts';
import { readDepotVibs } from './read-vibs.ts';
import { withUpload } from './receive-upload.ts';

/** A VIB is looked at in memory, so one at a time. */
const inspections = new Mutex();

export interface UploadVibOptions extends Omit<AddVibsOptions, 'addedBy'> {
  caller: Caller;
}

/** Needs Host.Config.Patch on the root folder. Answers with an entry for each VIB of the file. */
export async function uploadVib(
  options: UploadVibOptions,
  bytes: AsyncIterable<Uint8Array>,
): Promise<DepotVibView[]> {
  const { db, depot, random, caller } = options;
  const wanted = [{ privilege: 'Host.Config.Patch', objectId: ROOT_FOLDER_ID }] as const;
  await requirePrivileges(db, caller, wanted);
  const ids = await withUpload({ depot, random, bytes, limitBytes: VIB_BYTES_MAX }, (file) =>
    inspections.run(async () =>
      addVibs({ ...options, addedBy: caller.name }, await readFile(file.path)),
    ),
  );
  return readDepotVibs({ db, caller }, { id: { in: ids } });
}
