// What a disk's properties ask of the filter.
import type { PropertyValues } from '#lib/filter-sdk/filter.ts';

export interface Wish {
  provider: string;
  keyId: string;
  /** Of the data key. */
  generation: number;
  /** In clear text. */
  decrypt: boolean;
  /** 0: no limit. */
  bytesPerSecond: number;
}

const MIB = 1024 * 1024;

/** Throws when no key is named. */
export function wishOf(properties: PropertyValues): Wish {
  const { keyProvider, keyId, generation, decrypt, walkMibPerSecond } = properties;
  const provider = typeof keyProvider === 'string' ? keyProvider : '';
  const key = typeof keyId === 'string' ? keyId : '';
  if (key === '' || provider === '') {
    throw new Error('no key was chosen for the disk; assign its storage policy again');
  }
  return {
    provider,
    keyId: key,
    generation: typeof generation === 'number' ? generation : 1,
    decrypt: decrypt === true,
    bytesPerSecond: (typeof walkMibPerSecond === 'number' ? walkMibPerSecond : 0) * MIB,
  };
}
