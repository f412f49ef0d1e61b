// Logs that are fetched from other hosts, all in memory: a disk that was lost with its host opens
// on a third one with what stood in the mirror, or in the log of the host itself.
import { expect, test } from 'vitest';
import type { DaemonConnection, DaemonContext } from '#lib/filter-sdk/filter.ts';
import { FilterHarness } from '#lib/filter-sdk/filter-harness.ts';
import { HarnessFlash } from '#lib/filter-sdk/harness-flash.ts';
import cache from '../index.ts';
import { encodeClaim } from '../write-back/claim.ts';
import { MirrorRelay } from './mirror-relay.ts';
import { MirrorStore } from './mirror-store.ts';

const DISK_BYTES = 512 * 1024;
const BACK = { mode: 'writeBack', sizeMib: 1, logMib: 8 };

/** One end of a connection in memory. */
class End implements DaemonConnection {
  readonly remoteAddress = '';
  other: End | null = null;
  #listener: (message: Uint8Array) => void = () => undefined;
  #onClose: () => void = () => undefined;

  send(message: Uint8Array): boolean {
    const { other } = this;
    const copy = message.slice();
    setImmediate(() => other?.hear(copy));
    return other !== null;
  }

  hear(message: Uint8Array): void {
    this.#listener(message);
  }

  onMessage(listener: (message: Uint8Array) => void): void {
    this.#listener = listener;
  }

  onClose(listener: () => void): void {
    this.#onClose = listener;
  }

  close(): void {
    const { other } = this;
    this.other = null;
    if (other !== null) setImmediate(() => other.end());
  }

  end(): void {
    this.other = null;
    this.#onClose();
  }
}

/** Daemons of hosts with these flashes, as one of a third host sees them. */
function networkOf(flashes: readonly HarnessFlash[]): DaemonContext['network'] {
  const nobody = () => Promise.reject(new Error('nobody is there'));
  return {
    listen: nobody,
    connect: nobody,
    listenForPeers: nobody,
    onPeers: () => undefined,
    connectToPeer: async (hostId) => {
      const flash = flashes.find(({ host }) => host.id === hostId);
      if (flash === undefined) throw new Error(`${hostId} is not reached`);
      const [near, far] = [new End(), new End()];
      [near.other, far.other] = [far, near];
      new MirrorStore(far, flash);
      return near;
    },
  };
}

/** The line of a disk to the daemon of its host. */
function join(harness: FilterHarness, flashes: readonly HarnessFlash[]): { stop(): void } {
  const line = harness.daemon;
  let listener: (message: Uint8Array) => void = () => undefined;
  const disk = {
    ...{ diskId: 'disk-1', remoteAddress: '' },
    send: (message: Uint8Array) => {
      line?.deliver(message);
      return true;
    },
    onMessage: (heard: typeof listener) => {
      listener = heard;
    },
    onClose: () => undefined,
    close: () => undefined,
  };
  const peers = flashes.map(({ host }) => ({ hostId: host.id, address: '127.0.0.1', port: 1 }));
  new MirrorRelay({ disk, network: networkOf(flashes), peers: () => peers });
  const timer = setInterval(() => {
    for (const message of line?.sent.splice(0) ?? []) listener(message);
    harness.clock.advance(1);
  }, 1);
  return { stop: () => clearInterval(timer) };
}

/** A disk on host 1, with data in its log alone, that was killed. */
async function lost(): Promise<{ disk: Uint8Array; flash: HarnessFlash; sidecar: Uint8Array }> {
  const [disk, flash] = [new Uint8Array(DISK_BYTES), new HarnessFlash()];
  const harness = new FilterHarness(cache, { properties: BACK, flash, disk });
  harness.run('write', 0, new Uint8Array(512));
  while (harness.sidecar.stored === null) await turn();
  await turn();
  harness.submit('write', 8192, new Uint8Array(4096).fill(7));
  const io = harness.submit('flush', 0, 0);
  while (io.state === 'deferred') await turn();
  harness.below.broken = true;
  expect(disk[8192]).toBe(0);
  return { disk, flash, sidecar: harness.sidecar.stored };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('a third host fetches the log, and has all that was flushed', async () => {
  const { disk, flash: first, sidecar } = await lost();
  const third = new HarnessFlash({ name: 'host-3' });
  const options = { properties: BACK, disk, sidecar, flash: third, daemon: true };
  const harness = new FilterHarness(cache, options);
  const line = join(harness, [new HarnessFlash({ name: 'host-2' }), first]);
  await harness.filter.ready?.();
  const read = harness.run('read', 8192, 4096);
  expect(read.data).toEqual(new Uint8Array(4096).fill(7));
  while (first.files.size > 0) await turn();
  expect(disk.subarray(8192, 12_288)).toEqual(new Uint8Array(4096).fill(7));
  expect(new TextDecoder().decode(harness.sidecar.stored ?? undefined)).not.toContain('host-1');
  line.stop();
});

test('a fetch that is killed before its end begins again', async () => {
  const { disk, flash: first, sidecar } = await lost();
  const options = { properties: BACK, disk, sidecar, daemon: true };
  const killed = new FilterHarness(cache, {
    ...options,
    flash: new HarnessFlash({ name: 'host-2' }),
  });
  killed.below.broken = true;
  killed.sidecar.broken = true;
  const line = join(killed, [first]);
  await killed.filter.ready?.();
  line.stop();
  expect([...first.files.keys()].join()).toContain('.taken');
  // On the host itself, which finds what the other one took and did not finish with.
  const again = new FilterHarness(cache, { ...options, flash: first });
  expect(again.run('read', 8192, 4096).data).toEqual(new Uint8Array(4096).fill(7));
});

test('a log that is damaged is refused, wherever it lies', async () => {
  const { disk, flash: first, sidecar } = await lost();
  for (const { bytes } of first.files.values()) bytes.fill(0, 0, 8192);
  const options = { properties: BACK, disk, sidecar, daemon: true };
  expect(() => new FilterHarness(cache, { ...options, flash: first })).toThrow('damaged');
  const third = new HarnessFlash({ name: 'host-3' });
  const harness = new FilterHarness(cache, { ...options, flash: third });
  const line = join(harness, [first]);
  await expect(harness.filter.ready?.()).rejects.toThrow('damaged');
  line.stop();
});

test.each([
  ['is refused by the names of the hosts', BACK, /host-1.*host-2.*could not be fetched/],
  ['opens without them if the policy says so', { ...BACK, discardLostData: true }, null],
])('a disk whose data no host has %s', async (_, properties, refusal) => {
  const claim = {
    ...{ logId: 'log-1', hostId: 'id-of-host-1', hostName: 'host-1' },
    mirror: { hostId: 'id-of-host-2', hostName: 'host-2', logId: 'log-2' },
    ...{ dirtyBytes: 4096, logBytes: 8192, blocks: 256 },
  };
  const flash = new HarnessFlash({ name: 'host-3' });
  const sidecar = encodeClaim(claim);
  const harness = new FilterHarness(cache, { properties, sidecar, flash, daemon: true });
  const line = join(harness, [new HarnessFlash({ name: 'host-4' })]);
  const ready = harness.filter.ready?.() ?? Promise.resolve();
  // So long it looks for them.
  const timer = setInterval(() => harness.clock.advance(1000), 1);
  if (refusal === null) await ready;
  else await expect(ready).rejects.toThrow(refusal);
  clearInterval(timer);
  line.stop();
  expect(harness.events.join().includes('given up')).toBe(refusal === null);
  expect(flash.files.size).toBe(0);
});
