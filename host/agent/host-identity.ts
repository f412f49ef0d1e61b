// Who the host is and how it is set up, as far as the controller tells it: kept in one file.

import { z } from 'zod';
import { type Random, randomUuid } from '#lib/base/random.ts';
import { datastoreConfigSchema } from '../datastore/datastore-config.ts';
import { StateFile } from './store/state-file.ts';

const hostIdentitySchema = z.object({
  hostUuid: z.uuid(),
  /** Empty until the controller has configured the host. */
  hostId: z.string(),
  name: z.string(),
  datastores: z.array(datastoreConfigSchema),
  maintenanceMode: z.boolean(),
});

export type HostIdentityFile = StateFile<typeof hostIdentitySchema>;

export function openHostIdentity(
  path: string,
  { name, random }: { name: string; random: Random },
): Promise<HostIdentityFile> {
  return StateFile.open(path, hostIdentitySchema, () => ({
    hostUuid: randomUuid(random),
    hostId: '',
    name,
    datastores: [],
    maintenanceMode: false,
  }));
}
