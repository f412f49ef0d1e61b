// May the virtual flash resource of a host have that size? What lies on it may be data that no disk
// has yet, so nothing of it is ever given up for another size.
import type { Reason } from '../../model/fault.ts';
import { MIB } from '../../model/limits.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';

export interface FlashFacts {
  host: { id: string; name: string };
  capacityBytes: number;
  /** 0 removes it. */
  wantedBytes: number;
  usedBytes: number;
  /** Free on the host's local store. */
  storeFreeBytes: number;
}

export function judgeFlashCapacity(facts: FlashFacts): Verdict {
  const { host, capacityBytes, wantedBytes, usedBytes, storeFreeBytes } = facts;
  const reasons: Reason[] = [];
  if (wantedBytes < usedBytes) {
    const verb = wantedBytes === 0 ? 'removed' : `made smaller than ${mib(usedBytes)}`;
    const message =
      `The virtual flash resource of ${host.name} cannot be ${verb}: ${mib(usedBytes)} of it are ` +
      'reserved for virtual disks, and may hold data that they do not have yet.';
    const remedy =
      'Give these disks a storage policy that does not write back, or move their virtual machines.';
    reasons.push({ fault: 'ResourceInUse', message, remedy, objects: [host.id] });
  }
  const reserved = Math.max(capacityBytes - usedBytes, 0);
  const more = wantedBytes - capacityBytes;
  if (more > 0 && more + reserved > storeFreeBytes) {
    const most = Math.max(storeFreeBytes - reserved, 0);
    const message =
      `The local store of ${host.name} has room for ${mib(most)} more of the virtual flash ` +
      `resource, and ${mib(more)} are wanted.`;
    reasons.push({ fault: 'NoDiskSpace', message, objects: [host.id] });
  }
  return verdictOf(reasons);
}

function mib(bytes: number): string {
  return `${Math.floor(bytes / MIB)} MiB`;
}
