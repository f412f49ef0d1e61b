// Virtual machines: power, moves, policies, what their disks do.

import { judgeOperation } from '../controller/tasks/judge-operation.ts';
import { assignPolicies } from '../controller/vms/assign-policies.ts';
import { migrate } from '../controller/vms/migrate.ts';
import { powerOff } from '../controller/vms/power-off.ts';
import { powerOn } from '../controller/vms/power-on.ts';
import { readIoTrace } from '../controller/vms/read-io-trace.ts';
import { readMigrationTargets } from '../controller/vms/read-migration-targets.ts';
import { readSamples } from '../controller/vms/read-samples.ts';
import { readVm } from '../controller/vms/read-vm.ts';
import { readVms } from '../controller/vms/read-vms.ts';
import { suspendVm } from '../controller/vms/suspend-vm.ts';
import { listWorkloads } from '../controller/workloads/list-workloads.ts';
import { startWorkload } from '../controller/workloads/start-workload.ts';
import { stopWorkload } from '../controller/workloads/stop-workload.ts';
import { idsOf } from './chosen-ids.ts';
import type { Handlers } from './handlers.ts';
import { startTask } from './start-task.ts';

export const vmRoutes = {
  listVms: ({ context, query }) => {
    const ids = idsOf(query);
    const { hostId } = query;
    return readVms(context.db, { ...(ids && { ids }), ...(hostId && { hostId }) });
  },
  queryVms: ({ context, query }) => context.vmList.query(query),
  listVmTexts: ({ context, query }) => context.vmList.texts(query),
  readVmTotals: ({ context, query }) => context.vmList.totals(query),
  readVm: ({ context: { db }, session: { caller }, params }) => readVm({ db, caller }, params.id),
  setPower: (request) => {
    const input = { vmId: request.params.id };
    switch (request.body.powerState) {
      case 'poweredOn':
        return startTask(request, powerOn, input);
      case 'poweredOff':
        return startTask(request, powerOff, input);
      case 'suspended':
        return startTask(request, suspendVm, input);
    }
  },
  listMigrationTargets: ({ context: { db }, session: { caller }, params }) =>
    readMigrationTargets({ db, caller }, params.id),
  migrateVm: (request) =>
    startTask(request, migrate, { vmId: request.params.id, hostId: request.body.hostId }),
  checkPolicies: ({ context: { db }, session: { caller }, params, body }) =>
    judgeOperation({
      ...{ db, caller, operation: assignPolicies },
      input: { vmId: params.id, assignments: body.assignments },
    }),
  assignPolicies: (request) =>
    startTask(request, assignPolicies, {
      ...{ vmId: request.params.id, assignments: request.body.assignments },
    }),
  readSamples: ({ context, params, query }) => readSamples(context.db, params.id, query.since),
  readIoTrace: ({ context: { db, agents }, params, query }) =>
    readIoTrace({ db, agents }, { vmId: params.id, diskKey: Number(params.key), ...query }),
  listWorkloads: ({ context: { db, agents }, params }) => listWorkloads({ db, agents }, params.id),
  startWorkload: ({ context, session: { caller }, params, body }) => {
    const { db, agents, random, depotLinks: depot } = context;
    return startWorkload({ db, agents, random, depot }, caller, { vmId: params.id, input: body });
  },
  async stopWorkload({ context: { db, agents }, session: { caller }, params }) {
    const { id: vmId, workloadId } = params;
    await stopWorkload({ db, agents }, caller, { vmId, workloadId });
    return {};
  },
} satisfies Partial<Handlers<VmRouteName>>;

type VmRouteName =
  | 'listVms'
  | 'queryVms'
  | 'listVmTexts'
  | 'readVmTotals'
  | 'readVm'
  | 'setPower'
  | 'listMigrationTargets'
  | 'migrateVm'
  | 'checkPolicies'
  | 'assignPolicies'
  | 'readSamples'
  | 'readIoTrace'
  | 'listWorkloads'
  | 'startWorkload'
  | 'stopWorkload';
