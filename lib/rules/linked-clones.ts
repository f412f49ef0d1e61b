// What is different about a linked clone: its disks build on a snapshot of another virtual machine.
import type { Reason } from '../model/fault.ts';
import type { VmFacts } from './facts.ts';

/** Refused because the disks of a linked clone are redo logs: `what` completes “…, so ”. */
export function linkedChainReasons(vm: VmFacts, what: string): Reason[] {
  if (!vm.linkedTo) return [];
  return [
    {
      fault: 'InvalidState',
      message: `${vm.name} is a linked clone, whose disks build on another VM's, so ${what}.`,
      remedy: `Make a full clone of ${vm.name}, and work with that.`,
      objects: [vm.id, vm.linkedTo.vmId],
    },
  ];
}
