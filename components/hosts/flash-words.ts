// How the state of a virtual flash resource is said.
import type { FlashView } from '#lib/wire/api/flash.ts';
import type { Tone } from '../ui/badge.tsx';

export const FLASH_STATES: Record<FlashView['state'], { tone: Tone; label: string }> = {
  none: { tone: 'idle', label: 'None' },
  ok: { tone: 'ok', label: 'Working' },
  failed: { tone: 'bad', label: 'Failed' },
  unknown: { tone: 'warn', label: 'Unknown' },
};

/** Of all that lies there, in bytes; what nobody counts is left out. */
export function dirtyBytesOf({ contents }: Pick<FlashView, 'contents'>): number {
  return contents.reduce((sum, { dirtyBytes }) => sum + (dirtyBytes ?? 0), 0);
}
