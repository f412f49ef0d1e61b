// VMDK descriptor of a disk that becomes larger: its last extent grows, and the geometry with it.
import { FormatError } from '../format-error.ts';
import { capacitySectors, type VmdkDescriptor } from './descriptor.ts';
import { cylinders } from './new-descriptor.ts';

/** The same disk with so many sectors, which must not be fewer. Throws a FormatError. */
export function withCapacity(descriptor: VmdkDescriptor, sectors: number): VmdkDescriptor {
  const more = sectors - capacitySectors(descriptor);
  const last = descriptor.extents.at(-1);
  if (more < 0 || last === undefined) throw new FormatError('A disk can only become larger.');
  const extents = [...descriptor.extents.slice(0, -1), { ...last, sectors: last.sectors + more }];
  const ddb = new Map(descriptor.ddb);
  ddb.set('geometry.cylinders', String(cylinders(sectors)));
  return { ...descriptor, extents, ddb };
}
