// A host that was cut off and comes back never writes again to a disk that another took over: with
// real worlds, and writes of a real client queued in the one that was stopped.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DATASTORE_MARKER } from '../datastore/datastore.ts';
import { TestClient } from '../nbd/test-client.ts';
import { clientOf, WorldHarness } from './world-harness.ts';

const WRITE = 1;
const BYTES = 4096;
const WRITES = 64;

const TYPES = ['NFS', 'VMFS'];

test.each(TYPES)(
  'no queued write of a stopped world reaches %s after a takeover',
  async (type) => {
    const harness = await WorldHarness.create();
    const marker = join(harness.directory, DATASTORE_MARKER);
    await writeFile(marker, JSON.stringify({ format: 1, id: 'ds', type }));
    const disk = await harness.makeDisk(0);
    const stopped = await harness.start(await harness.makeLaunch([disk]));
    const before = await TestClient.connect({ path: stopped.launch.nbdSocketPath });
    const first = { command: WRITE, offset: 0, data: Buffer.alloc(BYTES, 1) };
    expect((await before.request(first)).error).toBe(0);
    stopped.child.kill('SIGSTOP');
    const queued = Array.from({ length: WRITES }, (_, index) =>
      before
        .request({ command: WRITE, offset: index * BYTES, data: Buffer.alloc(BYTES, 2) })
        .then(({ error }) => error)
        .catch(() => -1),
    );
    const heir = await harness.makeLaunch([disk]);
    // It waits for the lock longer than a start usually takes.
    await harness.start(heir).catch(() => null);
    await clientOf(heir).waitUntilReady({ timeoutMs: 60_000 });
    const after = await TestClient.connect({ path: heir.nbdSocketPath });
    for (let index = 0; index < WRITES; index++) {
      const write = { command: WRITE, offset: index * BYTES, data: Buffer.alloc(BYTES, 3) };
      expect((await after.request(write)).error).toBe(0);
    }
    stopped.child.kill('SIGCONT');
    expect(await Promise.all(queued)).not.toContain(0);
    const bytes = await readFile(disk.flatPath);
    expect(bytes.subarray(0, WRITES * BYTES).every((byte) => byte === 3)).toBe(true);
    before.close();
    after.close();
    await harness.dispose();
  },
  120_000,
);
