// What is to be done next with a disk, from how it is and how its properties want it.
import type { StoredKey, StoredState } from './stored-state.ts';
import type { Wish } from './wish.ts';

export type NextStep =
  /** Sectors are in the old state or the new one. */
  | 'recover'
  /** Keys are wrapped with another key than is wanted. */
  | 'rewrap'
  | 'move'
  | 'finish'
  | 'beginDecrypting'
  | 'beginEncrypting'
  | 'nothing';

export function nextStep({ current, walk }: StoredState, wish: Wish, sizeBytes: number): NextStep {
  if (walk !== null && walk.heads !== null) return 'recover';
  if (!isWrappedAs(current, wish) || !isWrappedAs(walk?.to ?? null, wish)) return 'rewrap';
  if (walk !== null) return walk.position < sizeBytes ? 'move' : 'finish';
  if (wish.decrypt) return current === null ? 'nothing' : 'beginDecrypting';
  if (current === null || current.generation < wish.generation) return 'beginEncrypting';
  return 'nothing';
}

/** In words for the administrator. */
export function stepInWords({ current, walk }: StoredState): string {
  if (walk === null) return current === null ? 'In clear text' : 'Encrypted';
  if (walk.to === null) return 'Decrypting';
  return current === null ? 'Encrypting' : 'Encrypting with a new data key';
}

function isWrappedAs(key: StoredKey | null, { provider, keyId }: Wish): boolean {
  return key === null || (key.provider === provider && key.keyId === keyId);
}
