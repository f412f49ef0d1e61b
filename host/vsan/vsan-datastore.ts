// The objects of a vSAN datastore as a whole: creating and removing them, how healthy they are, and
// how much space there is.
import type { Clock } from '#lib/base/clock.ts';
import { type Random, randomHex } from '#lib/base/random.ts';
import { Fault } from '#lib/model/fault.ts';
import { REGION_BYTES } from './dirty-log.ts';
import { nodeSpaces, nodesBySpace } from './node-choice.ts';
import { NodeClient } from './node-client.ts';
import { registeredNodes } from './node-registry.ts';
import * as calls from './node-rpc.ts';
import { activeIds, isMajority, type ObjectConfig } from './object-config.ts';
import { findComponents, newestOf } from './open-object.ts';

const COMPONENTS = 3;
/** Each byte is kept twice. */
const COPIES = 2;

export interface NewObjectParts {
  datastorePath: string;
  /** Chosen by the caller, who may ask once more. */
  objectUuid: string;
  sizeBytes: number;
  /** Takes all of its space now. */
  reserved?: boolean;
  /** The node that gets a copy if it has the room. */
  localNodeId: string;
  clock: Clock;
  random: Random;
}

/**
 * Creates an object, empty, and thin unless its space shall be reserved. Throws `InvalidDatastore`
 * with fewer than three nodes, `NoDiskSpace` when no two of them have the room.
 */
export async function createObject(parts: NewObjectParts): Promise<void> {
  const { datastorePath, objectUuid, sizeBytes, reserved = false, clock, random } = parts;
  const nodes = await chooseNodes(parts);
  const since = clock.now();
  const components = nodes.map((nodeId, index) => {
    const role = index < COPIES ? ('data' as const) : ('witness' as const);
    return { id: randomHex(random, 16), nodeId, role, state: 'active' as const, since };
  });
  const config: ObjectConfig = { term: 0, number: 1, sizeBytes, reserved, components };
  const promised = { term: 0, ownerId: '' };
  try {
    for (const { id: componentId, nodeId } of components) {
      const component = { objectUuid, componentId, config, promised, fresh: false };
      await new NodeClient(datastorePath, nodeId).call(calls.createComponent, component);
    }
  } catch (thrown) {
    await removeObject(datastorePath, objectUuid).catch(() => undefined);
    throw thrown;
  }
}

/** Removes what the nodes that answer have of it. It must not be open. */
export async function removeObject(datastorePath: string, objectUuid: string): Promise<void> {
  const entries = await registeredNodes(datastorePath);
  await Promise.allSettled(
    entries.map(({ nodeId }) =>
      new NodeClient(datastorePath, nodeId).call(calls.removeComponent, { objectUuid }),
    ),
  );
}

export interface ObjectHealth {
  objectUuid: string;
  state: 'healthy' | 'reducedRedundancy' | 'inaccessible';
  /** At most so many bytes are to be copied until it is healthy. */
  bytesToResync: number;
  sizeBytes: number;
  /** Taken on all hosts together. */
  allocatedBytes: number;
}

/** As the components on the nodes that answer have it. Throws `FileNotFound`. */
export async function objectHealth(
  datastorePath: string,
  objectUuid: string,
): Promise<ObjectHealth> {
  return healthOf(objectUuid, await findComponents(datastorePath, objectUuid));
}

/** The health of every object of the datastore. */
export async function allObjects(datastorePath: string): Promise<ObjectHealth[]> {
  const entries = await registeredNodes(datastorePath);
  const answers = await Promise.allSettled(
    entries.map(({ nodeId }) =>
      new NodeClient(datastorePath, nodeId).call(calls.describe, { objectUuid: null }),
    ),
  );
  const all = answers.flatMap((each) => (each.status === 'fulfilled' ? each.value.components : []));
  const uuids = [...new Set(all.map(({ objectUuid }) => objectUuid))];
  return uuids.map((uuid) =>
    healthOf(
      uuid,
      all.filter(({ objectUuid }) => objectUuid === uuid),
    ),
  );
}

export interface VsanSpace {
  capacityBytes: number;
  freeBytes: number;
  nodes: number;
  nodesRegistered: number;
}

/** What can be stored, each byte twice; disks that several nodes share count once. */
export async function vsanSpace(datastorePath: string): Promise<VsanSpace> {
  const spaces = await nodeSpaces(datastorePath);
  const byDevice = new Map(spaces.map((space) => [space.deviceId, space]));
  let [capacityBytes, freeBytes] = [0, 0];
  for (const space of byDevice.values()) {
    capacityBytes += space.capacityBytes;
    freeBytes += space.freeBytes;
  }
  return {
    capacityBytes: Math.floor(capacityBytes / COPIES),
    freeBytes: Math.floor(freeBytes / COPIES),
    nodes: spaces.length,
    nodesRegistered: (await registeredNodes(datastorePath)).length,
  };
}

async function chooseNodes(parts: NewObjectParts): Promise<string[]> {
  const { datastorePath, sizeBytes, reserved = false, localNodeId } = parts;
  const all = await nodesBySpace(datastorePath, { without: [], wantedBytes: 0 });
  if (all.length < COMPONENTS) {
    const message = `needs ${COMPONENTS} hosts for a disk that survives the loss of one`;
    throw new Fault('InvalidDatastore', `The vSAN ${message}; ${all.length} answer.`);
  }
  // Thin: it need not fit now, but two nodes that are full would take nothing at all.
  const wantedBytes = reserved ? sizeBytes : Math.min(sizeBytes, REGION_BYTES);
  const choice = { without: [], wantedBytes, preferred: localNodeId };
  const roomy = await nodesBySpace(datastorePath, choice);
  const data = roomy.slice(0, COPIES).map(({ nodeId }) => nodeId);
  const witness = all.find(({ nodeId }) => !data.includes(nodeId));
  if (data.length < COPIES || witness === undefined) {
    throw new Fault('NoDiskSpace', 'No two hosts of the vSAN have the space for the disk.');
  }
  return [...data, witness.nodeId];
}

/** From all that is known of one object. */
export function healthOf(
  objectUuid: string,
  reports: readonly calls.ComponentReport[],
): ObjectHealth {
  const config = newestOf(reports);
  const allocatedBytes = reports.reduce((sum, report) => sum + report.allocatedBytes, 0);
  if (config === null) {
    const unknown = { bytesToResync: 0, sizeBytes: 0, allocatedBytes };
    return { objectUuid, state: 'inaccessible', ...unknown };
  }
  const there = new Set(reports.map(({ componentId }) => componentId));
  const active = activeIds(config);
  const current = active.filter((id) => there.has(id));
  const whole = config.components.every(({ id, state }) => state === 'active' && there.has(id));
  const dirty = Math.max(0, ...reports.map(({ dirtyRegions }) => dirtyRegions));
  const fresh = reports.some((report) => report.fresh && there.has(report.componentId));
  const accessible = isMajority(config, there) && current.length > 0;
  return {
    objectUuid,
    state: !accessible ? 'inaccessible' : whole ? 'healthy' : 'reducedRedundancy',
    bytesToResync: active.length === COPIES ? 0 : fresh ? config.sizeBytes : dirty * REGION_BYTES,
    sizeBytes: config.sizeBytes,
    allocatedBytes,
  };
}
