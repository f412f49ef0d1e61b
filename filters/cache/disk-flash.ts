// A disk's files on the virtual flash resource of the host.
import type { FilterContext } from '#lib/filter-sdk/filter.ts';

export function requireFlash(flash: FilterContext['flash']): NonNullable<FilterContext['flash']> {
  if (flash === null) throw new Error('this host has no virtual flash resource');
  return flash;
}

/** Of the disk's files on the flash. */
export function labelOf({ disk }: FilterContext): string {
  return `cache:${disk.id}`;
}

/** A flash that fails must not keep a disk from opening that needs nothing of it. */
export function sweep(context: FilterContext, keepId: string | null): void {
  try {
    context.flash?.sweep(labelOf(context), keepId);
  } catch (thrown) {
    context.log('warning', `Old logs could not be removed: ${thrown}`);
  }
}
