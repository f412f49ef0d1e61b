// The objects that one host can reach: those of its vSAN and vVol datastores, and raw devices.
import { isAbsolute, relative } from 'node:path';
import type { Clock } from '#lib/base/clock.ts';
import { type Random, randomHex, randomUuid } from '#lib/base/random.ts';
import type { VmdkDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import type { DatastoreConfig } from '../datastore/datastore-config.ts';
import type { Backing } from '../disk/backing.ts';
import type { ObjectStore, RemoteTarget } from '../disk/object-store.ts';
import { createMapping } from '../rdm/create-mapping.ts';
import { openRawDevice, type RawDeviceParts, rawDeviceBytes } from '../rdm/raw-device.ts';
import { KEEPER_TIMES, openObject } from '../vsan/open-object.ts';
import { createObject, objectHealth, removeObject } from '../vsan/vsan-datastore.ts';
import * as vvol from '../vvol/provider-rpc.ts';
import { openVolume, providerOf } from '../vvol/vvol-container.ts';
import { clipped } from './clipped-backing.ts';
import { callPeer, type RpcPeer } from './rpc-client.ts';
import type { StorageConfig } from './storage-config.ts';

const VSAN = 'vsan://';
const VVOL = 'vvol://';

export interface HostObjectsParts {
  /** As it is now: datastores come and go. */
  storage(): StorageConfig;
  host: { hostUuid: string; hostName: string };
  clock: Clock;
  random: Random;
  log(level: 'info' | 'warning', message: string): void;
}

export class HostObjects implements ObjectStore {
  readonly #parts: HostObjectsParts;

  constructor(parts: HostObjectsParts) {
    this.#parts = parts;
  }

  open = async (target: RemoteTarget): Promise<Backing> => {
    const backing = await this.#open(target);
    return clipped(backing, target.sizeBytes);
  };

  newName(descriptorPath: string): string | null {
    const { random } = this.#parts;
    const config = this.#parts.storage().datastores.find(({ path }) => {
      const inside = relative(path, descriptorPath);
      return inside !== '' && !isAbsolute(inside) && inside.split('/')[0] !== '..';
    });
    if (config?.type === 'vsan') return `${VSAN}${config.id}/${randomUuid(random)}`;
    return config?.type === 'VVOL' ? `${VVOL}${config.id}/${randomHex(random, 16)}` : null;
  }

  async create(name: string, sizeBytes: number, reserved = false): Promise<void> {
    const { config, id } = this.#find(name);
    const { clock, random, host } = this.#parts;
    if (config.type === 'VVOL') {
      await callPeer(providerOf(config.options), vvol.createVolume, { id, sizeBytes, reserved });
      return;
    }
    const placed = { datastorePath: config.path, objectUuid: id, localNodeId: host.hostUuid };
    await createObject({ ...placed, sizeBytes, reserved, clock, random });
  }

  async grow(name: string, sizeBytes: number): Promise<void> {
    const { config, id } = this.#find(name);
    if (config.type === 'VVOL') {
      await callPeer(providerOf(config.options), vvol.resizeVolume, { id, sizeBytes });
      return;
    }
    const object = await this.#openVsan(config, id, sizeBytes);
    await object.close();
  }

  async remove(name: string): Promise<void> {
    const { config, id } = this.#find(name);
    if (config.type === 'vsan') await removeObject(config.path, id);
    else await callPeer(providerOf(config.options), vvol.deleteVolume, { id });
  }

  async allocatedBytes(name: string): Promise<number> {
    const { config, id } = this.#find(name);
    if (config.type === 'vsan') return (await objectHealth(config.path, id)).allocatedBytes;
    const provider: RpcPeer = providerOf(config.options);
    const { volumes } = await callPeer(provider, vvol.queryVolumes, { id });
    return volumes[0]?.allocatedBytes ?? 0;
  }

  /** Size of a raw device that this host allows. Throws as `requireAllowed` does. */
  deviceBytes(device: string): Promise<number> {
    return rawDeviceBytes(device, this.#rawDeviceParts(device));
  }

  /** Makes a disk that is a mapping to a raw device. */
  mapDevice(descriptorPath: string, device: string): Promise<VmdkDescriptor> {
    const { random } = this.#parts;
    const parts = this.#rawDeviceParts(device);
    return createMapping({ descriptorPath, device, random }, parts);
  }

  #open({ kind, name }: RemoteTarget): Promise<Backing> {
    if (kind === 'rdm') return openRawDevice(name, this.#rawDeviceParts(name));
    const { config, id } = this.#find(name);
    if (config.type === 'vsan') return this.#openVsan(config, id);
    const { host, clock, log } = this.#parts;
    const onState = (state: string, message: string): void =>
      log(state === 'connected' ? 'info' : 'warning', `${name} is ${state}: ${message}`);
    const bind = { holder: host.hostName, clock, onState };
    return openVolume(providerOf(config.options), id, bind);
  }

  #openVsan({ path }: DatastoreConfig, objectUuid: string, growToBytes = 0): Promise<Backing> {
    const { host, clock, random, log } = this.#parts;
    const say = (message: string): void => log('info', `${objectUuid}: ${message}`);
    return openObject({
      ...{ datastorePath: path, objectUuid, localNodeId: host.hostUuid, growToBytes },
      ...{ clock, random, times: KEEPER_TIMES },
      log: say,
      onState: ({ state }) => {
        const good = state === 'healthy' || state === 'closed';
        log(good ? 'info' : 'warning', `The object ${objectUuid} is ${state}.`);
      },
    });
  }

  /** For making and opening mappings. */
  #rawDeviceParts(name: string): RawDeviceParts {
    const { clock, log } = this.#parts;
    return {
      policy: this.#parts.storage().rawDevices,
      clock,
      onState: (state, message) =>
        log(state === 'connected' ? 'info' : 'warning', `${name} is ${state}: ${message}`),
    };
  }

  #find(name: string): { config: DatastoreConfig; id: string } {
    const [datastoreId = '', id = ''] = name.replace(/^(vsan|vvol):\/\//, '').split('/');
    const type = name.startsWith(VSAN) ? 'vsan' : 'VVOL';
    const config = this.#parts.storage().datastores.find((each) => each.id === datastoreId);
    if (config?.type === type && id !== '') return { config, id };
    throw new Fault('InvalidDatastore', `The datastore of the object ${name} is not mounted.`);
  }
}
