// The calls of a replication target, bound to what it keeps.
import type { z } from 'zod';
import { POWER_OFF_MARK } from '#lib/filter-sdk/replication-messages.ts';
import { Fault } from '#lib/model/fault.ts';
import {
  endPairing,
  giveCopies,
  newPairingCode,
  queryReplicas,
  queryWriteRate,
  raiseEra,
  serveMoment,
  stopServingMoment,
} from '#lib/wire/agent/target-rpc.ts';
import { type BoundRpc, handle } from '../agent/rpc-server.ts';
import type { Bookmark } from './moment-list.ts';
import type { Pairings } from './pairings.ts';
import type { ReplicaDisk } from './replica-disk.ts';
import type { ServedMoments } from './served-moments.ts';
import type { TargetStore, Whose } from './target-store.ts';
import { writeRate } from './write-rate.ts';

export interface TargetCallsParts {
  store: TargetStore;
  moments: ServedMoments;
  pairings: Pairings;
  nbdPort(): number;
}

/** Of those marks that sources set by themselves every few seconds. */
const CHECKPOINT_PREFIX = 'checkpoint-';
const CHECKPOINTS_REPORTED = 20;

type ReplicaView = z.input<typeof queryReplicas.output>['replicas'][number];

/** What whoever runs the target may do: everything. */
export function targetRpcs(parts: TargetCallsParts): BoundRpc[] {
  const { pairings } = parts;
  return [
    handle(newPairingCode, async () => ({ code: pairings.newCode() })),
    handle(giveCopies, async ({ from, to }) => {
      if (!pairings.all.some(({ id }) => id === to)) {
        throw new Fault('NotFound', `Nobody is paired as ${to}.`);
      }
      await parts.moments.giveCopies(from === '' ? null : from, to);
      return {};
    }),
    ...replicaRpcs(parts, 'anybody'),
  ];
}

/** What who is paired may do, with the copies that are its own. */
export function pairedRpcs(parts: TargetCallsParts, pairing: string): BoundRpc[] {
  return [
    ...replicaRpcs(parts, { pairing }),
    handle(endPairing, async () => {
      await parts.pairings.forget(pairing);
      return {};
    }),
  ];
}

function replicaRpcs({ store, moments, nbdPort }: TargetCallsParts, whose: Whose): BoundRpc[] {
  return [
    handle(queryReplicas, async () => ({
      replicas: store.disks(whose).map((replica) => viewOf(replica, store.isSending(replica))),
      moments: [...store.moments(whose)],
    })),
    handle(serveMoment, async ({ diskId, at }) => {
      const replica = store.find(diskId, whose);
      const sequence = 'sequence' in at ? at.sequence : sequenceAt(replica, at.timeUs);
      return { moment: await moments.serve(replica, sequence), nbdPort: nbdPort() };
    }),
    handle(raiseEra, async ({ diskId, era }) => {
      const replica = await store.raiseEra(diskId, era, whose);
      return { era: replica.era, durable: replica.journal.durable };
    }),
    handle(stopServingMoment, async ({ exportName }) => {
      await moments.stopServing(exportName, whose);
      return {};
    }),
    handle(queryWriteRate, async ({ diskIds, ...span }) => ({
      buckets: writeRate(
        diskIds.map((diskId) => store.find(diskId, whose).journal.index),
        span,
      ),
    })),
  ];
}

function viewOf(replica: ReplicaDisk, sending: boolean): ReplicaView {
  const { journal } = replica;
  const { durable } = journal;
  return {
    ...{ diskId: replica.diskId, pairing: replica.pairing ?? '' },
    sizeBytes: replica.sizeAt(durable),
    windowStart: replica.windowStart,
    durable,
    oldestUs: journal.index.first?.timeUs ?? null,
    newestUs: journal.index.lastBySequence(durable)?.timeUs ?? null,
    journalBytes: journal.bytes,
    needsResync: replica.moments.needsResync,
    ...{ sending, era: replica.era, closed: isClosed(replica) },
    damage: journal.damage?.message ?? '',
    bookmarks: reported(replica.bookmarks),
  };
}

/** Its source was powered off, and had sent everything before. */
function isClosed({ bookmarks, journal }: ReplicaDisk): boolean {
  const last = bookmarks.at(-1);
  return last?.name === POWER_OFF_MARK && last.sequence === journal.durable;
}

/** Checkpoints come by the thousand, and are passed over: the newest are named. */
function reported(bookmarks: readonly Bookmark[]): Bookmark[] {
  const isCheckpoint = ({ name }: Bookmark): boolean => name.startsWith(CHECKPOINT_PREFIX);
  const newest = bookmarks.filter(isCheckpoint).slice(-CHECKPOINTS_REPORTED);
  const named = bookmarks.filter((bookmark) => !isCheckpoint(bookmark));
  return [...named, ...newest].sort((one, other) => one.sequence - other.sequence);
}

function sequenceAt(replica: ReplicaDisk, timeUs: number): number {
  const { index, durable } = replica.journal;
  const found = index.lastAt(timeUs);
  if (found !== null) return found.sequence;
  // All of it was rolled into the copy, and nothing came after.
  if (index.records === 0) return durable;
  const when = new Date(timeUs / 1000).toISOString();
  throw new Fault('InvalidArgument', `The journal of ${replica.diskId} begins after ${when}.`);
}
