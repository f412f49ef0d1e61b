// A host that does something long: asked again while it says that it is at it, told to stop, and
// given up when it falls silent. Hosts and the clock are played, so no time passes.
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import { removeSnapshot } from '../../wire/agent/disk-rpc.ts';
import type { Agents } from './agent-client.ts';
import { callOperation } from './call-operation.ts';

const address = { agentUrl: 'http://127.0.0.1:1', agentToken: 'secret' };
const host = { id: 'host-1', name: 'esx01', ...address, eventCursor: 0 };
const vm = {
  ...{ vmId: 'vm-1', name: 'web01', instanceUuid: '00000000-0000-4000-8000-000000000001' },
  ...{ cpuCount: 1, memoryMib: 4, datastoreId: 'datastore-1', vmxPath: 'a.vmx', nbdPort: 0 },
  disks: [],
};
const input = { operationKey: 'task-1:x', vm, snapshotId: 1, removeChildren: false };
const layout = {
  ...{ datastoreId: 'datastore-1', vmxPath: 'a.vmx', disks: [], snapshots: [] },
  currentSnapshotId: null,
};
const away = () => new Fault('HostNotReachable', 'esx01 does not answer.');

/** Each wait takes no time, but the clock says that it did. */
function fastClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    monotonic: () => now,
    after(ms, run) {
      const timer = setImmediate(() => {
        now += ms;
        run();
      });
      return { cancel: () => clearImmediate(timer) };
    },
  };
}

type Answer = (name: string, signal: AbortSignal | undefined) => Promise<unknown>;

function contextOf(answer: Answer, signal = new AbortController().signal) {
  const agents: Agents = {
    call: async (_host, rpc, _input, options) =>
      rpc.output.parse(await answer(rpc.name, options?.signal)),
  };
  return { agents, clock: fastClock(), signal, logger: pino({ level: 'silent' }) };
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
}

const report = (progress: number) => ({
  ...{ revision: progress, bootId: 'b', hostUuid: '00000000-0000-4000-8000-000000000000' },
  ...{ hostId: 'host-1', maintenanceMode: false, vibs: [], datastores: [], worlds: [] },
  ...{ workloads: [], events: [] },
  operations: [
    {
      ...{ operationKey: 'task-1:x', kind: 'removeSnapshot', progress, step: 'Merging' },
      ...{ state: 'running', fault: null },
    },
  ],
  product: {
    ...{ version: '8.0.0', build: '1', acceptanceLevel: 'PartnerSupported' },
    ...{ cpuCores: 1, memoryMib: 4 },
  },
});

test('a host that is silent is given up, with a word about what nobody knows', async () => {
  const context = contextOf((name, signal) => {
    if (name === 'report') return Promise.reject(away());
    return untilAborted(signal);
  });
  await expect(callOperation(context, { host, rpc: removeSnapshot, input })).rejects.toMatchObject({
    fault: 'HostNotReachable',
    message: expect.stringContaining('esx01 has not answered for 20 s.'),
  });
});

test('a request that ends too early is made again while the host is at it', async () => {
  let asked = 0;
  const seen: number[] = [];
  const context = contextOf(async (name) => {
    if (name === 'report') return report(seen.length + 1);
    asked += 1;
    if (asked < 3) throw away();
    return { layout, mergedBytes: 5 };
  });
  const onProgress = async ({ progress }: { progress: number }) => void seen.push(progress);
  const call = { host, rpc: removeSnapshot, input, onProgress };
  expect(await callOperation(context, call)).toMatchObject({ mergedBytes: 5 });
  expect(asked).toBe(3);
  expect(seen.length).toBeGreaterThan(0);
});

test('a cancel goes to the host, which says how it ends', async () => {
  const stop = new AbortController();
  const canceled = new AbortController();
  const context = contextOf(async (name) => {
    if (name === 'report') return report(1);
    if (name === 'cancelOperation') {
      canceled.abort(new Fault('RequestCanceled', 'It was cancelled.'));
      return {};
    }
    return untilAborted(canceled.signal);
  }, stop.signal);
  const call = { host, rpc: removeSnapshot, input, cancelable: true };
  const running = callOperation(context, call);
  stop.abort(new Fault('RequestCanceled', 'The task was canceled.'));
  await expect(running).rejects.toMatchObject({ message: 'It was cancelled.' });
});

test('a lost lease ends the call at once, and the host goes on', async () => {
  const stop = new AbortController();
  const context = contextOf(
    (name, signal) => (name === 'report' ? Promise.resolve(report(1)) : untilAborted(signal)),
    stop.signal,
  );
  const running = callOperation(context, { host, rpc: removeSnapshot, input });
  const lost = new Error('the lease is lost');
  stop.abort(lost);
  await expect(running).rejects.toBe(lost);
});
