// Gives a host the keys again that it says it lacks: an agent that was killed has lost them.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { diskFilterSchema } from '../../model/filter.ts';
import type { HostReport } from '../../wire/agent/host-rpc.ts';
import type { Host } from '../database/generated/client.ts';
import { giveKeys } from '../keys/keyed-agents.ts';
import type { TaskServices } from '../tasks/task-context.ts';

const filtersSchema = z.array(diskFilterSchema);

/** Only for VMs that are registered there. What cannot be given stays the VM's trouble. */
export async function giveLostKeys(
  services: TaskServices,
  host: Host,
  found: HostReport,
): Promise<void> {
  const { db, logger } = services;
  const vmIds = found.worlds
    .filter(({ trouble }) => trouble?.kind === 'keyMissing')
    .map(({ vmId }) => vmId);
  if (vmIds.length === 0) return;
  const where = { vmId: { in: vmIds }, vm: { hostId: host.id } };
  const disks = await db.disk.findMany({ where, select: { vmId: true, filters: true } });
  for (const vmId of new Set(disks.map((disk) => disk.vmId))) {
    const filters = disks
      .filter((disk) => disk.vmId === vmId)
      .flatMap((disk) => filtersSchema.parse(disk.filters));
    try {
      const trouble = await giveKeys(services, host, { vmId, filters });
      if (trouble) {
        // The others would wait for the same server; all are asked for again soon.
        logger.warn({ vmId, reason: trouble.message }, 'a key server does not answer');
        return;
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      logger.warn({ vmId, reason: error.message }, 'a host lacks keys that it cannot be given');
    }
  }
}
