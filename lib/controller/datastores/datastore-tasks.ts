// Creates, mounts, unmounts and removes datastores: rows that say which host shall mount what. The
// reconciler tells the hosts; a task that mounts waits until they have.
import { z } from 'zod';
import { sleep } from '../../base/clock.ts';
import type { Json } from '../../base/json.ts';
import { Fault } from '../../model/fault.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import { forgetObject } from '../objects/forget-object.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { type CreateDatastoreInput, createDatastore } from './create-datastore.ts';
import {
  type DeleteDatastoreInput,
  deleteDatastore,
  type MountInput,
  mountDatastore,
  unmountDatastore,
} from './mount-datastore.ts';

const MOUNT_WAIT_MS = 30_000;
const POLL_MS = 300;
const createdSchema = z.object({ datastoreId: z.string() });

export const performCreateDatastore: TaskHandler<CreateDatastoreInput> = async (context, input) => {
  const { datastoreId } = context.checkpoint(createdSchema) ?? (await create(context, input));
  return waitForMounts(context, datastoreId, input.hostIds);
};

export const performMountDatastore: TaskHandler<MountInput> = async (context, input) => {
  const { db } = context;
  const { datastoreId, hostId } = input;
  await transact(db, async (tx) => {
    const observed = await mountDatastore.observe(tx, input);
    // A run before this one got so far.
    if (context.checkpoint(createdSchema)) return;
    requireAllowed(mountDatastore.judge(observed, input));
    await tx.hostDatastore.create({ data: { hostId, datastoreId } });
    const data = { checkpoint: { datastoreId } };
    await tx.task.update({ where: { id: context.taskId }, data });
    const { datastore, host } = observed;
    await announce(tx, context, {
      type: 'DatastoreMountedEvent',
      message: `${host.name} shall mount ${datastore.name}.`,
      objects: [datastoreId, hostId],
    });
    await recordChanges(tx, mountChanges(datastoreId, [hostId]));
  });
  return waitForMounts(context, datastoreId, [hostId]);
};

export const performUnmountDatastore: TaskHandler<MountInput> = async (context, input) => {
  const { datastoreId, hostId } = input;
  await transact(context.db, async (tx) => {
    const observed = await unmountDatastore.observe(tx, input);
    const { datastore, host } = observed;
    // A run before this one got so far.
    if (!host.datastores.some(({ id }) => id === datastoreId)) return;
    requireAllowed(unmountDatastore.judge(observed, input));
    await tx.hostDatastore.deleteMany({ where: { hostId, datastoreId } });
    await announce(tx, context, {
      type: 'DatastoreUnmountedEvent',
      message: `${host.name} no longer mounts ${datastore.name}.`,
      objects: [datastoreId, hostId],
    });
    await recordChanges(tx, mountChanges(datastoreId, [hostId]));
  });
  return undefined;
};

export const performDeleteDatastore: TaskHandler<DeleteDatastoreInput> = async (context, input) => {
  const { datastoreId } = input;
  await transact(context.db, async (tx) => {
    const found = await tx.datastore.findUnique({ where: { id: datastoreId } });
    // A run before this one got so far.
    if (!found) return;
    const observed = await deleteDatastore.observe(tx, input);
    requireAllowed(deleteDatastore.judge(observed, input));
    const mounts = await tx.hostDatastore.findMany({ where: { datastoreId } });
    await tx.datastore.delete({ where: { id: datastoreId } });
    await forgetObject(tx, datastoreId);
    await announce(tx, context, {
      type: 'DatastoreRemovedOnHostEvent',
      message: `The datastore ${found.name} was removed; its files stay at ${found.path}.`,
      objects: [datastoreId],
    });
    const changes = mountChanges(
      datastoreId,
      mounts.map(({ hostId }) => hostId),
    );
    await recordChanges(tx, [...changes, { object: datastoreId, path: 'deleted' }]);
  });
  return undefined;
};

async function create(context: TaskContext, input: CreateDatastoreInput) {
  return transact(context.db, async (tx) => {
    const observed = await createDatastore.observe(tx, input);
    requireAllowed(createDatastore.judge(observed, input));
    const { hostIds, ...columns } = input;
    const datastoreId = await allocateId(tx, 'datastore');
    const mounts = { create: hostIds.map((hostId) => ({ hostId })) };
    await tx.datastore.create({ data: { id: datastoreId, ...columns, mounts } });
    const checkpoint = { datastoreId };
    await tx.task.update({ where: { id: context.taskId }, data: { checkpoint } });
    await announce(tx, context, {
      type: 'DatastoreDiscoveredEvent',
      message: `The datastore ${input.name} (${input.type}) was created at ${input.path}.`,
      objects: [datastoreId, ...hostIds],
    });
    const created = { object: datastoreId, path: 'created' };
    await recordChanges(tx, [created, ...mountChanges(datastoreId, hostIds)]);
    return checkpoint;
  });
}

/** Fails, naming the hosts and what they say, when one does not reach it in time. */
async function waitForMounts(
  context: TaskContext,
  datastoreId: string,
  hostIds: string[],
): Promise<Json> {
  const { db, clock, signal } = context;
  const until = clock.monotonic() + MOUNT_WAIT_MS;
  for (;;) {
    const missing = await db.hostDatastore.findMany({
      where: { datastoreId, hostId: { in: hostIds }, accessible: false },
      include: { host: true, datastore: true },
    });
    if (missing.length === 0) return { datastoreId };
    if (clock.monotonic() > until) {
      const reasons = missing.map(({ host, datastore, message }) => ({
        fault: 'InvalidDatastore' as const,
        message: `${host.name} cannot reach ${datastore.name}: ${message || 'no answer yet'}`,
        objects: [host.id, datastore.id],
      }));
      throw new Fault('InvalidDatastore', reasons[0]?.message ?? '', { reasons });
    }
    const names = missing.map(({ host }) => host.name).join(', ');
    await context.progress(50, `Waiting until ${names} can reach it`);
    await sleep(clock, POLL_MS, signal);
    signal.throwIfAborted();
  }
}

function announce(
  tx: Parameters<typeof postEvent>[0],
  { initiator, taskId }: TaskContext,
  event: { type: string; message: string; objects: string[] },
): Promise<unknown> {
  return postEvent(tx, { ...event, severity: 'info', initiator, taskId });
}

function mountChanges(datastoreId: string, hostIds: string[]) {
  return [
    { object: datastoreId, path: 'hosts' },
    ...hostIds.map((object) => ({ object, path: 'datastores' })),
  ];
}
