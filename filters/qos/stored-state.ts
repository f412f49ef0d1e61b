// What goes along when a disk moves to another host: how full its buckets are, as JSON in UTF-8.
import type { Levels } from './limit-buckets.ts';

export function stateOf({ ios, bytes }: Levels): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ ios, bytes }));
}

/**
 * The levels on the host that the VM came from; none when they cannot be read: then the buckets are
 * full.
 */
export function readState(state: Uint8Array | null): Levels {
  if (state === null) return { ios: null, bytes: null };
  try {
    const levels: unknown = JSON.parse(new TextDecoder().decode(state));
    return { ios: levelIn(levels, 'ios'), bytes: levelIn(levels, 'bytes') };
  } catch {
    // Another version may have written another format; a full bucket costs one burst.
    return { ios: null, bytes: null };
  }
}

function levelIn(levels: unknown, name: 'ios' | 'bytes'): number | null {
  if (typeof levels !== 'object' || levels === null) return null;
  const level = Object.entries(levels).find(([key]) => key === name)?.[1];
  return typeof level === 'number' && Number.isFinite(level) ? level : null;
}
