// The two hosts between which a disk on trial moves: each has a virtual flash resource of its own,
// and both are given the same keys of a key provider that exists for the trial alone.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { LaunchFilter, WorldLaunch } from '#host/world/launch.ts';
import type { FilterManifest, FilterPropertyValues } from '#lib/model/filter.ts';
import { MIB } from '#lib/model/limits.ts';
import type { GivenKey } from '#lib/wire/agent/key-rpc.ts';

export type Place = 'here' | 'there';

const FLASH_BYTES = 256 * MIB;
const KEY_BYTES = 32;
const KEY_PROVIDER = 'certification';
/** The second one is for filters that can wrap their data keys anew. */
export const TRIAL_KEY_IDS = ['key-1', 'key-2'] as const;

export class TrialHosts {
  readonly keys: GivenKey[] = TRIAL_KEY_IDS.map((keyId) => ({
    ...{ provider: KEY_PROVIDER, keyId },
    value: randomBytes(KEY_BYTES).toString('base64'),
  }));
  readonly #directory: string;
  readonly #hasFlash: boolean;

  /** The folder is made when a filter keeps something there. */
  constructor(directory: string, { flash }: { flash: boolean }) {
    this.#directory = directory;
    this.#hasFlash = flash;
  }

  /** The same launch, on one of the two. */
  launchAt(place: Place, launch: WorldLaunch): WorldLaunch {
    const flash = { directory: path.join(this.#directory, place), capacityBytes: FLASH_BYTES };
    return {
      ...launch,
      owner: { hostUuid: place, hostName: place },
      ...(this.#hasFlash && { flash }),
      ...(launch.disks.some(({ filters }) => wantsKeys(filters)) && { awaitsKeys: true }),
    };
  }
}

export function otherPlace(place: Place): Place {
  return place === 'here' ? 'there' : 'here';
}

/** As on hosts: keys are for filters of the class encryption. */
export function wantsKeys(filters: readonly LaunchFilter[]): boolean {
  return filters.some((filter) => filter.class === 'encryption');
}

/** What the controller sets for a disk under such a filter, if the filter has these properties. */
export function keyProperties({ class: filterClass, properties }: FilterManifest) {
  const values: FilterPropertyValues = {};
  if (filterClass !== 'encryption') return values;
  const names = new Set(properties.map(({ name }) => name));
  if (names.has('keyProvider')) values.keyProvider = KEY_PROVIDER;
  if (names.has('keyId')) values.keyId = TRIAL_KEY_IDS[0];
  return values;
}
