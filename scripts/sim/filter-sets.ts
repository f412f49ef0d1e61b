// The sets of shipped filters that simulated disks have, each in class order. A host may not know
// filters by name, and so they are handed to the simulator from here.

import cacheFilter from '#filters/cache/index.ts';
import delayFilter from '#filters/delay/index.ts';
import encryptionFilter from '#filters/encryption/index.ts';
import entropyFilter from '#filters/entropy/index.ts';
import errorFilter from '#filters/error/index.ts';
import qosFilter from '#filters/qos/index.ts';
import traceFilter from '#filters/trace/index.ts';
import zeroDetectFilter from '#filters/zero-detect/index.ts';
import type { WantedFilter } from '#host/chain/change-filters.ts';
import type { FilterSets } from '#host/sim/simulate.ts';
import type { FilterDefinition, PropertyValues } from '#lib/filter-sdk/filter.ts';

function wanted(definition: FilterDefinition, properties: PropertyValues = {}): WantedFilter {
  return { definition, codeId: definition.name, properties };
}

const trace = wanted(traceFilter, { latencySampling: 1, entropySampling: 8 });
const entropy = wanted(entropyFilter, { sampling: 1 });
const zeroDetect = wanted(zeroDetectFilter);
const slowWrites = wanted(delayFilter, { writeMs: 40, flushMs: 15, distribution: 'uniform' });
const verySlow = wanted(delayFilter, { readMs: 900, writeMs: 2_500, otherMs: 700 });
const cache = wanted(cacheFilter, { sizeMib: 1 });
const largerCache = wanted(cacheFilter, { sizeMib: 2 });
const aroundCache = wanted(cacheFilter, { sizeMib: 1, mode: 'writeAround' });
const failingWrites = wanted(errorFilter, { operation1: 'write', percent1: 5, when1: 'after' });
const failingAll = wanted(errorFilter, { operation1: 'any', percent1: 3, seed: 7 });
const limited = wanted(qosFilter, { iopsLimit: 60, burstSeconds: 1 });
const choked = wanted(qosFilter, { iopsLimit: 5, burstSeconds: 0 });

/** Of 256 KiB and 64 KiB blocks, so that both become full. */
const writeBack = wanted(cacheFilter, { mode: 'writeBack', sizeMib: 1, logMib: 0.25 });
const smallWriteBack = wanted(cacheFilter, {
  ...{ mode: 'writeBack', sizeMib: 0.25, logMib: 0.1875, dirtyHigh: 40, dirtyLow: 10 },
});

const key = { keyProvider: 'vault', keyId: 'first', generation: 1, decrypt: false };
const encrypted = wanted(encryptionFilter, key);
/** Slow enough that something happens between two chunks. */
const encryptedLast = wanted(encryptionFilter, {
  ...{ ...key, AllowCleartextFilters: true, walkMibPerSecond: 1 },
});

const GENERAL: FilterSets['general'] = [
  [],
  [cache],
  [trace, cache],
  [slowWrites, cache],
  [cache, limited],
  [zeroDetect, cache],
  [entropy, zeroDetect, slowWrites, largerCache, limited],
  [verySlow],
  [choked],
  [aroundCache, limited],
  [cache, failingWrites],
  [zeroDetect, failingAll],
];

const FLASH: FilterSets['flash'] = [
  [writeBack],
  [smallWriteBack],
  [writeBack, limited],
  [smallWriteBack, slowWrites],
  [cache],
  [entropy, zeroDetect, writeBack],
];

const KEYS: FilterSets['keys'] = [
  [encrypted],
  [encrypted, cache],
  [encrypted, smallWriteBack],
  [writeBack, encryptedLast],
  [encryptedLast, limited],
];

export const FILTER_SETS: FilterSets = { general: GENERAL, flash: FLASH, keys: KEYS };
