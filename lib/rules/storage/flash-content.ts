// May something that lies on a host's virtual flash resource be removed by hand? What a virtual
// machine of the inventory keeps there may be data that its disk does not have, and goes by itself;
// what is left are mirrors whose owner has ended without telling, and files of disks that are gone.
import { type Verdict, verdictOf } from '../../model/verdict.ts';

export interface FlashContentFacts {
  host: { id: string; name: string };
  /** Of the inventory; null when none of it has the disk. */
  vm: { id: string; name: string } | null;
  /** The host whose file this is a mirror of. */
  mirrorOf: string | null;
}

export function judgeRemoveFlashContent({ host, vm, mirrorOf }: FlashContentFacts): Verdict {
  if (vm === null || mirrorOf !== null) return verdictOf([]);
  const message =
    `${vm.name} keeps this on the virtual flash resource of ${host.name}, and it may be data ` +
    'that the disk does not have yet.';
  const remedy = `It goes by itself when ${vm.name} is powered on on ${host.name} or deleted.`;
  return verdictOf([{ fault: 'ResourceInUse', message, remedy, objects: [vm.id] }]);
}
