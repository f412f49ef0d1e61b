// The depot with real files: what is added is there whole, what is refused leaves nothing, links
// open files.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../base/system-random.ts';
import { Fault } from '../../model/fault.ts';
import { createDepotLinks } from '../agents/depot-links.ts';
import { transact } from '../changes/transact.ts';
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts';
import { seedTestInventory } from '../inventory/seed-test-inventory.ts';
import { insertVibs, prepareVibs } from './add-vibs.ts';
import { deleteTrace } from './delete-trace.ts';
import { deleteVib } from './delete-vib.ts';
import { openDepot, storedName } from './depot.ts';
import { discardFiles } from './discard-files.ts';
import { openDepotFile } from './open-depot-file.ts';
import { readDepotVibs } from './read-vibs.ts';
import { withUpload } from './receive-upload.ts';
import { makeTestDepot, type TestDepot } from './test-vib.ts';
import { uploadTrace } from './upload-trace.ts';
import { uploadVib } from './upload-vib.ts';

let test: TestDatabase;
let folder: string;
let files: TestDepot;
const admin = { userId: 'user-1', name: 'admin' };

beforeAll(async () => {
  test = await openTestDatabase();
  await seedTestInventory(test.database, systemRandom);
  await test.database.clusterFilter.deleteMany();
});
beforeEach(async () => {
  await test.database.vib.deleteMany();
  folder = await mkdtemp(path.join(tmpdir(), 'sluice-depot-'));
  files = await makeTestDepot(folder);
  return () => rm(folder, { recursive: true, force: true });
});
afterAll(() => test.close());

function context(caller = admin) {
  return { db: test.database, depot: files.depot, random: systemRandom, caller };
}

async function* inChunks(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

/** Every file below the depot's folders. */
async function listDepot(): Promise<string[]> {
  const names = await readdir(files.depot.folder, { recursive: true });
  return names.filter((name) => name.includes('/')).sort();
}

describe('a VIB', () => {
  it('is inspected, kept under its content and offered to hosts by a link', async () => {
    const [view] = await uploadVib(context(), inChunks(files.vib));
    expect(view?.inspection).toMatchObject({ id: 'TST_bootbank_trace_1.0.0' });
    expect(view?.inspection.filter).toMatchObject({ name: 'trace', class: 'inspection' });
    expect(view?.inspection.signers).toMatchObject([{ trusted: true }]);
    const row = await test.database.vib.findFirstOrThrow();
    expect(await listDepot()).toEqual([`vibs/${row.fileName}`]);
    const stored = await readFile(path.join(files.depot.folder, 'vibs', row.fileName));
    expect(createHash('sha256').update(stored).digest('hex')).toBe(row.sha256);
    await expectLink(row.fileName, stored);
  });

  it('that is there already keeps its entry; other bytes under its id are refused', async () => {
    const [first] = await uploadVib(context(), inChunks(files.vib));
    const [again] = await uploadVib(context(), inChunks(files.vib));
    expect(again?.id).toBe(first?.id);
    const before = await listDepot();
    await expect(uploadVib(context(), inChunks(files.otherVib))).rejects.toMatchObject({
      fault: 'AlreadyExists',
    });
    expect(await listDepot()).toEqual(before);
  });

  it('of a bundle becomes an entry of its own', async () => {
    const views = await uploadVib(context(), inChunks(files.bundle));
    expect(views.map(({ inspection }) => inspection.filter?.name)).toEqual(['one', 'two']);
    expect(await listDepot()).toHaveLength(2);
  });

  it('is deleted with its file, unless a cluster has it', async () => {
    const [view] = await uploadVib(context(), inChunks(files.vib));
    const id = view?.id ?? '';
    const filter = { filterId: 'x', name: 'trace', vendor: 'TST', version: '1.0.0', vibId: '' };
    const more = { type: 'inspection', summary: '', releaseDate: '', opType: 'install' };
    const clusterId = 'domain-c1';
    await test.database.clusterFilter.create({
      data: { ...filter, ...more, clusterId, depotId: id },
    });
    await expect(deleteVib(context(), id)).rejects.toMatchObject({ fault: 'ResourceInUse' });
    const [shown] = await readDepotVibs(context());
    expect(shown?.installedOn).toEqual([{ id: 'domain-c1', name: 'Prod' }]);
    expect(shown?.actions.delete).toMatchObject({ allowed: false });
    await test.database.clusterFilter.deleteMany();
    await deleteVib(context(), id);
    expect(await listDepot()).toEqual([]);
    await expect(deleteVib(context(), id)).rejects.toMatchObject({ fault: 'NotFound' });
  });
});

describe('a file that two put into the depot at once', () => {
  it('is not discarded by one when the other has entered it', async () => {
    const first = await prepareVibs(context(), files.vib);
    const [view] = await uploadVib(context(), inChunks(files.vib));
    await discardFiles(context(), first.written);
    const row = await test.database.vib.findFirstOrThrow();
    expect(first.written).toEqual([row.fileName]);
    expect(await listDepot()).toEqual([`vibs/${row.fileName}`]);
    await deleteVib(context(), view?.id ?? '');
    expect(await listDepot()).toEqual([]);
  });

  it('is not entered by one when the other has discarded it', async () => {
    const { vibs, written } = await prepareVibs(context(), files.vib);
    await discardFiles(context(), written);
    expect(await listDepot()).toEqual([]);
    const options = { ...context(), addedBy: 'admin' };
    const late = transact(test.database, (tx) => insertVibs(tx, options, vibs));
    await expect(late).rejects.toMatchObject({ fault: 'FileNotFound' });
    expect(await test.database.vib.count()).toBe(0);
    expect(await uploadVib(context(), inChunks(files.vib))).toHaveLength(1);
  });
});

it('opens although what arrives is swept away at the same time', async () => {
  const incoming = path.join(files.depot.folder, 'incoming');
  // A name that leads nowhere is as good as a file that went after the folder was read.
  await symlink(path.join(incoming, 'gone'), path.join(incoming, 'link'));
  await openDepot(files.depot);
});

describe('a bad upload leaves nothing behind', () => {
  it.each([
    ['an empty file', () => new Uint8Array(), 'VibFormatError'],
    ['text', () => new TextEncoder().encode('hello'), 'VibFormatError'],
    ['half a VIB', () => files.vib.subarray(0, files.vib.length / 2), 'VibFormatError'],
    ['half a bundle', () => files.bundle.subarray(0, files.bundle.length / 2), 'VibFormatError'],
  ])('%s', async (_, make, fault) => {
    await expect(uploadVib(context(), inChunks(make()))).rejects.toMatchObject({ fault });
    expect(await listDepot()).toEqual([]);
  });

  it('one whose bytes were changed, unless in what nobody signs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(files.vib.length - 1), fc.integer({ min: 1, max: 255 }), tryChanged),
      { numRuns: 25 },
    );
  });

  it('one that is too large, and one that breaks off', async () => {
    const options = { depot: files.depot, random: systemRandom, bytes: inChunks(files.vib) };
    const large = withUpload({ ...options, limitBytes: 1500 }, async () => 'kept');
    await expect(large).rejects.toMatchObject({ fault: 'RequestTooLarge' });
    async function* broken(): AsyncIterable<Uint8Array> {
      yield files.vib.subarray(0, 100);
      throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
    }
    await expect(uploadVib(context(), broken())).rejects.toMatchObject({
      fault: 'InvalidArgument',
    });
    expect(await listDepot()).toEqual([]);
  });

  it('one of a user who may not', async () => {
    const reader = context({ userId: 'user-2', name: 'reader' });
    await expect(uploadVib(reader, inChunks(files.vib))).rejects.toThrow(
      'reader lacks the privilege Host.Config.Patch on the root folder.',
    );
    expect(await listDepot()).toEqual([]);
  });
});

describe('a trace', () => {
  it('is read from end to end, kept and deleted', async () => {
    const view = await uploadTrace({ ...context(), name: 'mine' }, inChunks(makeTrace(3)));
    expect(view).toMatchObject({ name: 'mine', formatVersion: 2, records: 3, reads: 2, writes: 1 });
    expect(view.spanBytes).toBe((2 * 8 + 8) * 512);
    expect(view.durationMs).toBe(2);
    expect(await listDepot()).toHaveLength(1);
    const again = uploadTrace({ ...context(), name: 'mine' }, inChunks(makeTrace(2)));
    await expect(again).rejects.toMatchObject({ fault: 'AlreadyExists' });
    await deleteTrace(context(), view.id);
    expect(await listDepot()).toEqual([]);
  });

  it('with a bad record is refused by its place', async () => {
    const cut = makeTrace(3).subarray(0, 100);
    const refused = uploadTrace({ ...context(), name: 'cut' }, inChunks(cut));
    await expect(refused).rejects.toThrow('at byte 80');
    expect(await listDepot()).toEqual([]);
  });
});

it('keeps names readable and inside the folder, whatever they are', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      const stored = storedName({ name, sha256: 'ab'.repeat(32), extension: '.vib' });
      expect(stored).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]*-abababababababab\.vib$/);
      expect(stored.length).toBeLessThan(120);
    }),
  );
});

async function tryChanged(at: number, flip: number): Promise<void> {
  const changed = Uint8Array.from(files.vib);
  changed[at] = (changed[at] ?? 0) ^ flip;
  try {
    await uploadVib(context(), inChunks(changed));
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    expect(await listDepot()).toEqual([]);
    return;
  }
  // The archive's own headers are not signed: their owner or date may be anything.
  const [kept] = await readDepotVibs(context());
  expect(kept?.inspection.signers).toMatchObject([{ trusted: true }]);
  await deleteVib(context(), kept?.id ?? '');
}

async function expectLink(fileName: string, contents: Buffer): Promise<void> {
  const secret = new TextEncoder().encode('key');
  const { clock } = files.depot;
  const link = createDepotLinks({ publicUrl: 'http://127.0.0.1:3000', secret, clock });
  const { searchParams } = new URL(link.link('vibs', fileName));
  const request = {
    kind: 'vibs' as const,
    fileName,
    expires: Number(searchParams.get('expires')),
    token: searchParams.get('token') ?? '',
  };
  const open = (changes: Partial<typeof request>) =>
    openDepotFile({ depot: files.depot, secret }, { ...request, ...changes });
  const { handle, sizeBytes } = await open({});
  expect(await handle.readFile()).toEqual(contents);
  expect(sizeBytes).toBe(contents.length);
  await handle.close();
  const refusals = [
    { fileName: `../vibs/${fileName}` },
    { fileName: `${fileName}x` },
    { expires: request.expires + 1 },
    { token: '0'.repeat(64) },
    { token: '' },
  ];
  for (const changes of refusals) {
    await expect(open(changes)).rejects.toMatchObject({ fault: 'NoPermission' });
  }
}

/** Records of version 2, one a millisecond, 4 KiB each; the second is a write. */
function makeTrace(records: number): Uint8Array {
  const bytes = Buffer.alloc(records * 40);
  for (let index = 0; index < records; index++) {
    const at = index * 40;
    bytes.writeUInt16LE(index === 1 ? 0x2a : 0x28, at);
    bytes.writeUInt16LE(2 << 8, at + 2);
    bytes.writeUInt32LE(index, at + 4);
    bytes.writeUInt32LE(4096, at + 8);
    bytes.writeBigUInt64LE(BigInt(index * 8), at + 16);
    bytes.writeBigUInt64LE(BigInt(index * 1000), at + 24);
  }
  return bytes;
}
