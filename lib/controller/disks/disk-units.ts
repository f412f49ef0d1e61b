// Where a disk of a VM is: its SCSI unit, and the key that goes with it. Four controllers with
// fifteen units each; SCSI id 7 is the controller's own.

export const FIRST_DISK_KEY = 2000;
const CONTROLLER_UNIT = 7;
const CONTROLLERS = [0, 1, 2, 3];
const UNITS = CONTROLLERS.flatMap((controller) =>
  Array.from({ length: 16 }, (_, unit) => unit)
    .filter((unit) => unit !== CONTROLLER_UNIT)
    .map((unit) => `scsi${controller}:${unit}`),
);

/** In order. */
export function freeUnits(vm: { disks: readonly { unit: string }[] }): string[] {
  const taken = new Set(vm.disks.map(({ unit }) => unit));
  return UNITS.filter((unit) => !taken.has(unit));
}

/** 2000 of scsi0:0, 2001 of scsi0:1, and so on. */
export function keyOfUnit(unit: string): number {
  return FIRST_DISK_KEY + UNITS.indexOf(unit);
}

/** The first unit for a key that is none. */
export function unitOfKey(key: number): string {
  return UNITS[key - FIRST_DISK_KEY] ?? UNITS[0] ?? '';
}
