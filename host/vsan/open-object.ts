// Opening an object: its new owner has a majority of the components promise themselves to it, takes
// the newest configuration that they know, and writes it down anew under its own term before the
// first I/O.
import { type Clock, sleep } from '#lib/base/clock.ts';
import { type Random, randomHex } from '#lib/base/random.ts';
import { Fault } from '#lib/model/fault.ts';
import { Membership } from './membership.ts';
import { NodeClient } from './node-client.ts';
import { registeredNodes } from './node-registry.ts';
import * as calls from './node-rpc.ts';
import { activeIds, isMajority, isNewer, type ObjectConfig, withState } from './object-config.ts';
import { type KeeperTimes, ObjectKeeper } from './object-keeper.ts';
import type { OwnerIdentity } from './replica.ts';
import { type ObjectStatus, VsanObject } from './vsan-object.ts';

/** After another owner's higher term was met, one above it is tried, so many times. */
const CLAIMS_MAX = 5;
const RETRY_MS = 200;

export const KEEPER_TIMES: KeeperTimes = {
  tickMs: 1_000,
  waitMs: 30_000,
  answerMs: 8_000,
  rebuildAfterMs: 60 * 60_000,
};

export interface OpenObjectParts {
  datastorePath: string;
  objectUuid: string;
  /** The node of this host; none of them is preferred when it has no component. */
  localNodeId: string;
  clock: Clock;
  random: Random;
  times: KeeperTimes;
  /** Makes the object larger in the same step. */
  growToBytes?: number;
  log(message: string): void;
  onState(status: ObjectStatus): void;
}

/**
 * Throws `FileNotFound` when no node knows the object, `CannotOpenDisk` when the components that
 * answer have no majority or none of them has all data. Whoever owned it before cannot write any
 * more.
 */
export async function openObject(parts: OpenObjectParts): Promise<VsanObject> {
  const { clock, random, objectUuid } = parts;
  const end = clock.monotonic() + parts.times.waitMs;
  for (let attempt = 1; ; attempt++) {
    const found = await findComponents(parts.datastorePath, objectUuid);
    const term = Math.max(0, ...found.map(({ promised }) => promised.term)) + 1;
    const owner = { objectUuid, term, ownerId: randomHex(random, 8) };
    const opened = await attemptOpen(parts, owner, found);
    if (opened instanceof VsanObject) return opened;
    if (attempt >= CLAIMS_MAX && clock.monotonic() >= end) {
      throw new Fault('CannotOpenDisk', `The vSAN object ${objectUuid} is inaccessible: ${opened}`);
    }
    await sleep(clock, RETRY_MS);
  }
}

/** What the nodes that answer know of an object. Throws `FileNotFound` when none knows it. */
export async function findComponents(
  datastorePath: string,
  objectUuid: string,
): Promise<calls.ComponentReport[]> {
  const entries = await registeredNodes(datastorePath);
  const answers = await Promise.allSettled(
    entries.map(({ nodeId }) =>
      new NodeClient(datastorePath, nodeId).call(calls.describe, { objectUuid }),
    ),
  );
  const all = answers.flatMap((each) => (each.status === 'fulfilled' ? each.value.components : []));
  const silent = answers.some(({ status }) => status === 'rejected');
  if (all.length > 0 || silent) return all;
  throw new Fault('FileNotFound', `No node of the vSAN datastore has the object ${objectUuid}.`);
}

/** The newest configuration of several; null of none. */
export function newestOf(reports: readonly { config: ObjectConfig }[]): ObjectConfig | null {
  return reports.reduce<ObjectConfig | null>(
    (best, { config }) => (best === null || isNewer(config, best) ? config : best),
    null,
  );
}

/** The open object, or why not. */
async function attemptOpen(
  parts: OpenObjectParts,
  owner: OwnerIdentity,
  found: readonly calls.ComponentReport[],
): Promise<VsanObject | string> {
  const known = newestOf(found);
  if (known === null) return 'no node that has a part of it answers.';
  const sizeBytes = Math.max(known.sizeBytes, parts.growToBytes ?? 0);
  const keepers: ObjectKeeper[] = [];
  const object = new VsanObject(
    { ...parts, sizeBytes },
    (keeperParts) => {
      const keeper = new ObjectKeeper(
        keeperParts,
        (own) => new Membership(owner, known, () => own.replicas.values()),
      );
      keepers.push(keeper);
      return keeper;
    },
    parts.onState,
  );
  const [keeper] = keepers;
  const why = keeper ? await takeOver(keeper, known, { owner, sizeBytes, parts }) : 'no keeper.';
  if (why === null) {
    keeper?.start();
    return object;
  }
  for (const replica of keeper?.replicas.values() ?? []) replica.close();
  return why;
}

interface TakeOver {
  owner: OwnerIdentity;
  sizeBytes: number;
  parts: OpenObjectParts;
}

/** Null when the object is the owner's. */
async function takeOver(
  keeper: ObjectKeeper,
  known: ObjectConfig,
  { owner, sizeBytes, parts }: TakeOver,
): Promise<string | null> {
  const reports: calls.ComponentReport[] = [];
  const claims = known.components.map(async (component) => {
    const report = await keeper.addReplica(component).claim(owner);
    if (report !== null) reports.push(report);
  });
  await Promise.allSettled(claims);
  const newest = newestOf(reports);
  // Another owner changed it since we looked: look again.
  if (newest === null || isNewer(newest, known)) return 'its components do not answer.';
  const promised = new Set(reports.map(({ componentId }) => componentId));
  if (!isMajority(newest, promised)) {
    return `${promised.size} of its ${newest.components.length} components answer.`;
  }
  keeper.membership = new Membership(owner, newest, () => keeper.replicas.values());
  const current = keeper.readers();
  const [first] = current;
  if (first === undefined) return 'no copy that has all data answers.';
  // After an owner that died, copies may differ where they are marked: then one of them counts.
  const dirty = reports.some(
    ({ componentId, dirtyRegions }) => dirtyRegions > 0 && activeIds(newest).includes(componentId),
  );
  const keep = new Set((dirty ? [first] : current).map(({ id }) => id));
  const out = activeIds(newest).filter((id) => !keep.has(id));
  const at = parts.clock.now();
  const committed = await keeper.membership.commit((config) => ({
    ...withState(config, out, { state: 'stale', at }),
    sizeBytes,
  }));
  return committed ? null : 'its configuration could not be written to a majority.';
}
