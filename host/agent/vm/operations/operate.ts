// Has a VM's world do an operation: the intent is written first, a world is started for a VM that
// is off, progress and cancelling are passed on, and in the end the intent is settled by what the
// files say.

import { dirname } from 'node:path';
import { sleep } from '#lib/base/clock.ts';
import type { Json } from '#lib/base/json.ts';
import { Fault } from '#lib/model/fault.ts';
import type { VmLayout } from '#lib/wire/agent/disk-rpc.ts';
import { spellingFor, vmsdOfLayout, vmxOfLayout } from '../../../datastore/vm-home.ts';
import type { Operation, OperationResult } from '../../../world/operations/operation.ts';
import type { Intent } from '../vm-intent.ts';
import type { OnVm } from './on-vm.ts';
import { newMark } from './on-vm.ts';

const PROGRESS_MS = 500;
const NOTHING: OperationResult = { pauseMs: 0, heldIos: 0, copiedBytes: 0 };

export interface FilePlan {
  /** The VM when it has happened. */
  layout: VmLayout;
  lastUid?: number;
  created?: string[];
  obsolete?: string[];
  reparented?: Intent['reparented'];
  /** What a controller that asks again is told; null when more steps follow. */
  answer: Json;
}

/** What is written down before anything is touched. */
export async function intentOf(on: OnVm, plan: FilePlan): Promise<Intent> {
  const { host, home, vm, operationKey } = on;
  const { layout, lastUid = home.lastUid } = plan;
  const mark = newMark(on);
  const spell = spellingFor(dirname(home.vmxPath), host.datastores);
  return {
    operationKey,
    mark,
    markBefore: home.mark,
    commit: {
      mark,
      vmxPath: home.vmxPath,
      vmx: await vmxOfLayout({ vmx: home.vmx, layout }, spell, mark),
      followUps: [{ path: home.vmsdPath, text: await vmsdOfLayout(layout, lastUid, spell) }],
    },
    created: plan.created ?? [],
    createdFolders: [],
    obsolete: plan.obsolete ?? [],
    reparented: plan.reparented ?? [],
    obsoleteFiles: [],
    spec: { ...vm, disks: layout.disks },
    answer: plan.answer,
  };
}

/**
 * Throws the fault that the world gave; then everything is as before. When the world ends in the
 * middle, the files say whether it has happened.
 */
export async function operate(
  on: OnVm,
  operation: Operation,
  intent: Intent | null,
): Promise<OperationResult> {
  const { runner } = on;
  const mark = intent?.mark ?? newMark(on);
  const ask = () => askWorld(on, { mark, operation, commit: intent?.commit ?? null });
  if (intent !== null) await runner.update({ intent });
  let failure: unknown;
  try {
    const result = await (on.isOn ? ask() : runner.world.withService(on.vm, ask));
    await finish(on);
    return result;
  } catch (thrown) {
    failure = thrown;
  }
  if (intent !== null && (await finish(on)) === 'done') return NOTHING;
  const ended = failure instanceof Fault && failure.fault === 'HostNotReachable';
  if (!ended) throw failure;
  const message = `The process of ${on.vm.name} ended; the operation was taken back.`;
  throw new Fault('SystemError', message, { cause: failure });
}

async function finish(on: OnVm): Promise<'done' | 'undone' | 'overtaken' | null> {
  const settlement = await on.runner.settle();
  if (on.isOn) await on.runner.look();
  return settlement;
}

async function askWorld(
  { host, runner, job }: OnVm,
  params: Parameters<OnVm['runner']['client']['operate']>[0],
): Promise<OperationResult> {
  const cancel = (): void => {
    // What is over has nothing to stop; a process that is gone has not either.
    runner.client.cancel(params.mark).catch(() => undefined);
  };
  if (job.signal.aborted) throw new Fault('RequestCanceled', 'The operation was cancelled.');
  job.signal.addEventListener('abort', cancel, { once: true });
  const over = new AbortController();
  const watching = watch();
  try {
    return await runner.client.operate(params);
  } finally {
    over.abort();
    job.signal.removeEventListener('abort', cancel);
    await watching;
  }

  async function watch(): Promise<void> {
    for (;;) {
      await sleep(host.clock, PROGRESS_MS, over.signal);
      if (over.signal.aborted) return;
      // Who is too busy to say how far it is does its work all the same.
      const status = await runner.client.status().catch(() => null);
      const shown = status?.operation;
      if (shown?.mark === params.mark) job.report(shown.step, shown.progress, shown.transfer);
      // A request to stop that came before the operation had begun was lost: once more.
      if (job.signal.aborted) cancel();
    }
  }
}
