// Replication targets, the state of a VM's copies, bookmarks, and recovery.
import { commitFailover } from '../../controller/failover/commit-failover.ts';
import { failOverVm, PLANNED_MOVE } from '../../controller/failover/fail-over.ts';
import { undoFailover } from '../../controller/failover/undo-failover.ts';
import {
  checkTarget,
  pairTarget,
  removeTarget,
  renameTarget,
  type TargetAdministration,
} from '../../controller/replication/change-targets.ts';
import { endFailoverTest } from '../../controller/replication/end-test.ts';
import { readTargets } from '../../controller/replication/read-targets.ts';
import { readVmReplication } from '../../controller/replication/read-vm-replication.ts';
import { newVmId, recoverVm, TEST_FAILOVER } from '../../controller/replication/recover-vm.ts';
import { addBookmark, readTimeline } from '../../controller/replication/timeline.ts';
import { createSealer } from '../../controller/secrets/sealer.ts';
import type { REPLICATION_ROUTES } from '../../wire/api/replication-routes.ts';
import type { Handlers, Surroundings } from '../handlers.ts';
import { judge, startTask } from '../start-task.ts';

/** Of the VM that a check is about and that is never made. */
const NO_VM = 'vm-0';

export const replicationRoutes = {
  listReplicationTargets: ({ context: { db }, session: { caller } }) => readTargets({ db, caller }),
  async pairReplicationTarget(request) {
    return { id: await pairTarget(administration(request), request.body) };
  },
  async renameReplicationTarget(request) {
    await renameTarget(administration(request), request.params.id, request.body);
    return {};
  },
  checkReplicationTarget: (request) => checkTarget(administration(request), request.params.id),
  async removeReplicationTarget(request) {
    await removeTarget(administration(request), request.params.id);
    return {};
  },
  readVmReplication: ({ context: { db }, session: { caller }, params }) =>
    readVmReplication({ db, caller }, params.id),
  readReplicationTimeline: (request) =>
    readTimeline(administration(request), request.params.id, request.query),
  async addReplicationBookmark(request) {
    const now = request.context.clock.now();
    await addBookmark({ ...administration(request), now }, request.params.id, request.body);
    return {};
  },
  async recoverVm(request) {
    const vmId = await newVmId(request.context.db);
    const input = { ...request.body, vmId, sourceId: request.params.id };
    const showAs = input.kind === 'test' ? TEST_FAILOVER : undefined;
    return { ...(await startTask(request, recoverVm, input, showAs)), vmId };
  },
  checkRecover: (request) =>
    judge(request, recoverVm, { ...request.body, vmId: NO_VM, sourceId: request.params.id }),
  endFailoverTest: (request) => startTask(request, endFailoverTest, { vmId: request.params.id }),
  async failOverVm(request) {
    const vmId = await newVmId(request.context.db);
    const input = { ...request.body, vmId, sourceId: request.params.id };
    const showAs = input.kind === 'move' ? PLANNED_MOVE : undefined;
    return { ...(await startTask(request, failOverVm, input, showAs)), vmId };
  },
  checkFailOver: (request) =>
    judge(request, failOverVm, { ...request.body, vmId: NO_VM, sourceId: request.params.id }),
  undoFailover: (request) =>
    startTask(request, undoFailover, { ...request.body, sourceId: request.params.id }),
  commitFailover: (request) =>
    startTask(request, commitFailover, { ...request.body, sourceId: request.params.id }),
  checkCommitFailover: (request) =>
    judge(request, commitFailover, { ...request.body, sourceId: request.params.id }),
} satisfies Handlers<keyof typeof REPLICATION_ROUTES>;

function administration({ context, session }: Surroundings): TargetAdministration {
  const { db, random, clock, depotSecret } = context;
  return { db, clock, caller: session.caller, sealer: createSealer(depotSecret, random) };
}
