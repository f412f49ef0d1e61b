// What is wrong with a VM, in a sentence for the head of its page and a word for its state. Its
// host says it in a form for programs; this turns it into words. Pure.
import type { VmTrouble } from '#lib/model/vm-trouble.ts';
import type { VmSummary } from '#lib/wire/api/inventory.ts';

type World = Pick<VmSummary, 'name' | 'worldState' | 'powerState' | 'trouble'>;

/** Its process has ended by itself, and its disks are not served until it is started again. */
export function isFaulted({ worldState }: Pick<World, 'worldState'>): boolean {
  return worldState === 'faulted';
}

/** Its writes wait until there is space on its datastore; nothing is lost. */
export function isOutOfSpace({ worldState, powerState, trouble }: Omit<World, 'name'>): boolean {
  return powerState === 'poweredOn' && worldState !== 'faulted' && trouble?.kind === 'noSpace';
}

/** Its disks are served by nobody: it is down, or did not come up. */
export function isDown({ worldState, powerState }: Omit<World, 'name' | 'trouble'>): boolean {
  return worldState === 'faulted' || powerState !== 'poweredOn';
}

/** The title of the banner; `trouble` is null where nobody knows why its process ended. */
export function troubleTitle(vm: World): string {
  const { name, trouble } = vm;
  if (!trouble) return isFaulted(vm) ? endedTitle(name) : `${name} needs attention`;
  switch (trouble.kind) {
    case 'noSpace':
      return isDown(vm)
        ? `${name} finds no space on its datastore`
        : `${name} is paused: no space on its datastore`;
    case 'filter':
      return filterTitle(vm, trouble);
    case 'lockLost':
      return `The disks of ${name} are held by another host`;
    case 'storage':
      return isDown(vm) ? `${name} cannot reach its disks` : `${name} has trouble with its storage`;
    case 'keyMissing':
      return `A key that the disks of ${name} need is not there`;
    default:
      return isFaulted(vm) ? endedTitle(name) : `${name} needs attention`;
  }
}

function filterTitle(vm: World, trouble: Extract<VmTrouble, { kind: 'filter' }>): string {
  const { filterName, operation } = trouble;
  if (vm.powerState !== 'poweredOn') return `The I/O filter ${filterName} keeps ${vm.name} off`;
  if (!isFaulted(vm)) return `The I/O filter ${filterName} has trouble with ${vm.name}`;
  const where = operation === null ? '' : `, in ${operation}`;
  return `The I/O filter ${filterName} brought ${vm.name} down${where}`;
}

function endedTitle(name: string): string {
  return `The process of ${name} has ended, and its disks are not served`;
}
