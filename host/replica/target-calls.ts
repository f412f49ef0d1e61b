// The calls of a replication target, bound to what it keeps.
import type { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import { type BoundRpc, handle } from '../agent/rpc-server.ts';
import type { Pairings } from './pairings.ts';
import type { ReplicaDisk } from './replica-disk.ts';
import { newPairingCode, queryReplicas, serveMoment, stopServingMoment } from './target-rpc.ts';
import type { TargetStore } from './target-store.ts';

export interface TargetCallsParts {
  store: TargetStore;
  pairings: Pairings;
  nbdPort(): number;
}

type ReplicaView = z.input<typeof queryReplicas.output>['replicas'][number];

export function targetRpcs({ store, pairings, nbdPort }: TargetCallsParts): BoundRpc[] {
  return [
    handle(newPairingCode, async () => ({ code: pairings.newCode() })),
    handle(queryReplicas, async () => ({
      replicas: store.disks.map((replica) => viewOf(replica, store.isSending(replica))),
      moments: [...store.moments],
    })),
    handle(serveMoment, async ({ diskId, at }) => {
      const sequence = 'sequence' in at ? at.sequence : sequenceAt(store.find(diskId), at.timeUs);
      return { moment: store.serve(diskId, sequence), nbdPort: nbdPort() };
    }),
    handle(stopServingMoment, async ({ exportName }) => {
      await store.stopServing(exportName);
      return {};
    }),
  ];
}

function viewOf(replica: ReplicaDisk, sending: boolean): ReplicaView {
  const { journal } = replica;
  const { durable } = journal;
  return {
    diskId: replica.diskId,
    sizeBytes: replica.sizeAt(durable),
    windowStart: replica.windowStart,
    durable,
    newestUs: journal.index.lastBySequence(durable)?.timeUs ?? null,
    journalBytes: journal.bytes,
    needsResync: replica.moments.needsResync,
    sending,
    damage: journal.damage?.message ?? '',
    bookmarks: [...replica.bookmarks],
  };
}

function sequenceAt(replica: ReplicaDisk, timeUs: number): number {
  const found = replica.journal.index.lastAt(timeUs);
  if (found !== null) return found.sequence;
  const when = new Date(timeUs / 1000).toISOString();
  throw new Fault('InvalidArgument', `The journal of ${replica.diskId} begins after ${when}.`);
}
