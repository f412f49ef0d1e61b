// The filter `encryption`: AES-256-XTS for one disk, under a data key that a key of a key provider
// wraps. What the guest has written before is encrypted while the guest works.
import { defineFilter, type FilterContext } from '#lib/filter-sdk/filter.ts';
import { DiskEncryption } from './disk-encryption.ts';

const MANAGED = {
  type: 'string',
  default: '',
  managed: true,
} as const;

export default defineFilter({
  kind: 'total',
  name: 'encryption',
  class: 'encryption',
  apiVersion: 1,
  summary: 'AES-256-XTS with keys from a key provider',
  properties: [
    {
      name: 'keyProvider',
      label: 'Key provider',
      help: 'Name of the key provider that keeps the key. Empty takes the default one.',
      type: 'string',
      namesOf: 'keyProvider',
      default: '',
    },
    {
      name: 'AllowCleartextFilters',
      label: 'Allow I/O filters before encryption',
      help:
        'On: other filters stand before encryption and see clear text. Off: encryption comes ' +
        'first, and a cache, a journal or a replica holds cipher text only.',
      type: 'boolean',
      default: false,
    },
    {
      name: 'walkMibPerSecond',
      label: 'Speed of re-encryption',
      help: 'How fast a disk in use is encrypted, decrypted or given a new data key. 0: no limit.',
      type: 'integer',
      unit: 'MiB/s',
      minimum: 0,
      maximum: 10_000,
      default: 0,
    },
    { ...MANAGED, name: 'keyId', label: 'Key', help: 'The key as its provider calls it.' },
    { ...MANAGED, name: 'previousProvider', label: 'Provider before', help: 'Of the key before.' },
    { ...MANAGED, name: 'previousKeyId', label: 'Key before', help: 'Until a rekey is through.' },
    {
      name: 'generation',
      label: 'Data key',
      help: 'Number of the data key; a higher one asks for a new data key.',
      type: 'integer',
      minimum: 1,
      default: 1,
      managed: true,
    },
    {
      name: 'decrypt',
      label: 'Decrypt',
      help: 'The disk is to be in clear text, so that the filter can leave it.',
      type: 'boolean',
      default: false,
      managed: true,
    },
  ],
  statistics: [
    { name: 'encryptedShare', label: 'Encrypted', kind: 'gauge', unit: '%' },
    { name: 'encryptedBytes', label: 'Encrypted for the guest', kind: 'counter', unit: 'bytes' },
    { name: 'decryptedBytes', label: 'Decrypted for the guest', kind: 'counter', unit: 'bytes' },
    { name: 'walkedBytes', label: 'Re-encrypted', kind: 'counter', unit: 'bytes' },
    { name: 'waited', label: 'I/Os that waited for it', kind: 'counter', unit: 'I/Os' },
  ],
  open: (context: FilterContext) => new DiskEncryption(context),
});
