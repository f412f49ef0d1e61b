// What the caller may do with a VM now: the verdicts behind the buttons of its page.
import type { Reason } from '../../model/fault.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeActions } from '../permissions/judge-actions.ts';
import { judgeOperation } from '../tasks/judge-operation.ts';
import { readRunningTaskReasons } from '../tasks/running-tasks.ts';
import { powerOff } from './power-off.ts';
import { powerOn } from './power-on.ts';
import { findVmFacts } from './vm-store.ts';

/** powerOn, powerOff, migrate, editPolicies, startWorkload. `NotFound` when there is no such VM. */
export async function judgeVmActions(
  db: DatabaseTransaction,
  caller: Caller,
  vmId: string,
): Promise<Record<string, Verdict>> {
  const vm = await findVmFacts(db, vmId);
  const isOn = vm.powerState === 'poweredOn';
  const running = (await readRunningTaskReasons(db, [vmId])).get(vmId);
  const busy = running ? [running] : [];
  const isOff: Reason = {
    fault: 'InvalidPowerState',
    message: `${vm.name} is powered off.`,
    remedy: `Power on ${vm.name}.`,
    objects: [vmId],
  };
  const input = { vmId };
  const [on, off, others] = await Promise.all([
    judgeOperation({ db, caller, operation: powerOn, input }),
    judgeOperation({ db, caller, operation: powerOff, input }),
    judgeActions(db, caller, {
      migrate: {
        wanted: [
          { privilege: isOn ? 'Resource.HotMigrate' : 'Resource.ColdMigrate', objectId: vmId },
        ],
        reasons: busy,
      },
      editPolicies: {
        wanted: [
          { privilege: 'StorageProfile.View', objectId: vmId },
          { privilege: 'VirtualMachine.Config.EditDevice', objectId: vmId },
        ],
        reasons: busy,
      },
      startWorkload: {
        wanted: [{ privilege: 'VirtualMachine.Interact.DeviceConnection', objectId: vmId }],
        reasons: isOn ? [] : [isOff],
      },
    }),
  ]);
  return { powerOn: withReasons(on, busy), powerOff: withReasons(off, busy), ...others };
}

function withReasons(verdict: Verdict, more: Reason[]): Verdict {
  return verdictOf([...verdict.reasons, ...more], verdict.warnings);
}
