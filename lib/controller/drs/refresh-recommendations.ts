// Refresh recommendations: runs DRS on a cluster now.
import { Fault } from '../../model/fault.ts';
import { findClusterFacts } from '../clusters/cluster-store.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { type DrsRun, runDrs } from './run-drs.ts';

/** `NotFound`, `NoPermission` (Host.Inventory.EditCluster), `InvalidState` when DRS is disabled. */
export async function refreshRecommendations(
  run: DrsRun,
  caller: Caller,
  clusterId: string,
): Promise<void> {
  const cluster = await findClusterFacts(run.db, clusterId);
  const wanted = { privilege: 'Host.Inventory.EditCluster' as const, objectId: clusterId };
  await requirePrivileges(run.db, caller, [wanted]);
  if (!cluster.drs.enabled) {
    throw new Fault('InvalidState', `DRS is disabled on ${cluster.name}.`);
  }
  await runDrs(run, clusterId);
}
