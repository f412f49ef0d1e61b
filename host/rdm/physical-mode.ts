// Why raw device mappings in physical compatibility mode are refused.
import { Fault } from '#lib/model/fault.ts';

export function physicalModeFault(diskPath: string): Fault {
  return new Fault(
    'CannotOpenDisk',
    `The virtual disk ${diskPath} is a raw device mapping in physical compatibility mode. There ` +
      'the guest speaks to the device itself, past I/O filters and snapshots, so that it cannot ' +
      'be used here; map the device in virtual compatibility mode.',
  );
}
