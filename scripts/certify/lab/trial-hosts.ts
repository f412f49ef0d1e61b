// The two hosts between which a disk on trial moves: each has a virtual flash resource of its own,
// and both are given the same keys, of a key provider that exists for the trial alone and of the
// replication target if there is one.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { LaunchFilter, WorldLaunch } from '#host/world/launch.ts';
import type { FilterManifest, FilterPropertyValues } from '#lib/model/filter.ts';
import { keysOf } from '#lib/model/key.ts';
import { MIB } from '#lib/model/limits.ts';
import type { GivenKey } from '#lib/wire/agent/key-rpc.ts';

export type Place = 'here' | 'there';

const FLASH_BYTES = 256 * MIB;
const KEY_BYTES = 32;
const KEY_PROVIDER = 'certification';
/** The second one is for filters that can wrap their data keys anew. */
export const TRIAL_KEY_IDS = ['key-1', 'key-2'] as const;

export interface TrialHostsOptions {
  flash: boolean;
  /** As a replication target knows the disk. */
  diskName: string;
  /** Of pairings with replication targets. */
  pairingKeys: readonly GivenKey[];
}

export class TrialHosts {
  readonly keys: GivenKey[];
  readonly #directory: string;
  readonly #options: TrialHostsOptions;

  /** The folder is made when a filter keeps something there. */
  constructor(directory: string, options: TrialHostsOptions) {
    this.#directory = directory;
    this.#options = options;
    const own = TRIAL_KEY_IDS.map((keyId) => ({
      ...{ provider: KEY_PROVIDER, keyId },
      value: randomBytes(KEY_BYTES).toString('base64'),
    }));
    this.keys = [...own, ...options.pairingKeys];
  }

  /** The same hosts, for a copy of the disk, which is another disk. */
  forCopy(): TrialHosts {
    const diskName = `${this.#options.diskName}-copy`;
    return new TrialHosts(this.#directory, { ...this.#options, diskName });
  }

  /** What the controller tells the filters of the disk besides: each copy has a name of its own. */
  told(filters: readonly LaunchFilter[]): LaunchFilter[] {
    const disk = this.#options.diskName;
    return filters.map((each) =>
      each.properties.pairing === undefined
        ? each
        : { ...each, properties: { ...each.properties, disk } },
    );
  }

  /** The same launch, on one of the two. */
  launchAt(place: Place, launch: WorldLaunch): WorldLaunch {
    const flash = { directory: path.join(this.#directory, place), capacityBytes: FLASH_BYTES };
    return {
      ...launch,
      owner: { hostUuid: place, hostName: place },
      ...(this.#options.flash && { flash }),
      ...(launch.disks.some(({ filters }) => wantsKeys(filters)) && { awaitsKeys: true }),
    };
  }
}

export function otherPlace(place: Place): Place {
  return place === 'here' ? 'there' : 'here';
}

/** As on hosts: keys are for filters that name one, and for those of the class encryption. */
export function wantsKeys(filters: readonly LaunchFilter[]): boolean {
  return keysOf(filters).length > 0 || filters.some((filter) => filter.class === 'encryption');
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
