// Tests of what filters keep with a disk and do on their own, over real files: sidecars through
// their life, I/O below a filter, and standing still.
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import {
  DEFER,
  type DiskIo,
  defineFilter,
  EIO,
  type FilterContext,
  type FilterHooks,
  type FilterLifecycle,
} from '#lib/filter-sdk/filter.ts';
import { MIB } from '#lib/model/limits.ts';
import { ChainIo, READ, type WRITE } from '../chain/chain-io.ts';
import type { WantedFilter } from '../chain/change-filters.ts';
import { deleteDisk } from '../datastore/delete-disk.ts';
import { copySidecars } from '../datastore/sidecar-file.ts';
import { type HarnessDisk, WorldHarness } from '../world/world-harness.ts';
import type { FilterEventReport } from './disk-filters.ts';
import { ServedDisk } from './served-disk.ts';
import { createRedoLog } from './snapshot-files.ts';
import { systemDiskFiles } from './system-disk-files.ts';

const SECTOR = 512;

/** Filters that hand their contexts to the test. */
const contexts = new Map<string, FilterContext>();
let harness: WorldHarness;
let disk: HarnessDisk;
const events: FilterEventReport[] = [];
const faults: string[] = [];

beforeEach(async () => {
  harness = await WorldHarness.create();
  disk = await harness.makeDisk(0, MIB);
  contexts.clear();
  events.length = faults.length = 0;
});

afterEach(() => harness.dispose());

class GuestIo extends ChainIo {
  readonly done: Promise<number>;
  #resolve: (error: number) => void = () => undefined;

  constructor(code: typeof READ | typeof WRITE, offset: number, data: Buffer) {
    super();
    Object.assign(this, { code, offset, length: data.length, buffer: data });
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  finished(): void {
    this.#resolve(this.error);
  }
}

function guest(served: ServedDisk, code: typeof READ | typeof WRITE, offset: number, data: Buffer) {
  const io = new GuestIo(code, offset, data);
  return served.submit(io) ? Promise.resolve(io.error) : io.done;
}

function filter(
  name: string,
  hooks: Partial<FilterHooks> & FilterLifecycle = {},
  opening: (context: FilterContext) => void = () => undefined,
): WantedFilter {
  const identity = { name, class: 'inspection', apiVersion: 1, summary: '' } as const;
  const definition = defineFilter({
    ...({ ...identity, kind: 'partial', safeBecause: 'a test' } as const),
    ...{ properties: [], statistics: [] },
    open(context) {
      contexts.set(name, context);
      opening(context);
      return hooks;
    },
  });
  return { definition, codeId: name, properties: {} };
}

function contextOf(name: string): FilterContext {
  const context = contexts.get(name);
  if (context === undefined) throw new Error(`${name} is not open`);
  return context;
}

function open(wanted: WantedFilter[], descriptorPath = disk.descriptorPath): Promise<ServedDisk> {
  return ServedDisk.open(
    {
      ...{ key: disk.key, name: 'scsi0:0', id: 'test/disk0.vmdk', descriptorPath },
      owner: { hostUuid: 'here', hostName: 'here', vmId: 'vm-1' },
      ...{ clock: systemClock, random: systemRandom },
      log: () => undefined,
      onFilterFault: (_, { filter: name, operation }) => faults.push(`${name} ${operation}`),
      onFilterEvent: (_, report) => events.push(report),
      onLockLost: () => undefined,
    },
    wanted,
  );
}

async function descriptorText(): Promise<string> {
  return await readFile(disk.descriptorPath, 'utf8');
}

test('a sidecar is there again when the disk opens, and named in the descriptor', async () => {
  const first = await open([filter('notes')]);
  expect(contextOf('notes').sidecar.contents).toBeNull();
  const bytes = Buffer.from('remember');
  const written = contextOf('notes').sidecar.write(bytes);
  bytes.fill(0);
  await written;
  expect(await descriptorText()).toContain('ddb.sidecars = "notes:disk0-notes.vmfd"');
  await first.close();
  const second = await open([filter('notes')]);
  expect(Buffer.from(contextOf('notes').sidecar.contents ?? []).toString()).toBe('remember');
  await second.close();
});

test('a redo log that is taken back leaves the sidecars of what it was made on', async () => {
  const served = await open([filter('notes')]);
  await contextOf('notes').sidecar.write(Buffer.from('remember'));
  await served.close();
  const parentDescriptorPath = disk.descriptorPath;
  const childDescriptorPath = `${harness.directory}/disk0-000001.vmdk`;
  const paths = { parentDescriptorPath, childDescriptorPath };
  await createRedoLog({ ...paths, files: systemDiskFiles, random: systemRandom });
  await deleteDisk(childDescriptorPath);
  await (await open([filter('notes')])).close();
  expect(Buffer.from(contextOf('notes').sidecar.contents ?? []).toString()).toBe('remember');
});

test('of two writes at once the later stays', async () => {
  const served = await open([filter('notes')]);
  const { sidecar } = contextOf('notes');
  await Promise.all([sidecar.write(Buffer.from('one')), sidecar.write(Buffer.from('two'))]);
  await served.close();
  await (await open([filter('notes')])).close();
  expect(Buffer.from(contextOf('notes').sidecar.contents ?? []).toString()).toBe('two');
});

test('a sidecar that is missing or damaged keeps the disk from opening, by its name', async () => {
  const served = await open([filter('notes')]);
  await contextOf('notes').sidecar.write(Buffer.alloc(100));
  await served.close();
  const path = `${harness.directory}/disk0-notes.vmfd`;
  const whole = await readFile(path);
  await truncate(path, 50);
  await expect(open([filter('notes')])).rejects.toMatchObject({
    fault: 'CannotOpenDisk',
    message: expect.stringContaining('the sidecar disk0-notes.vmfd is damaged'),
  });
  await writeFile(path, whole);
  await (await open([filter('notes')])).close();
  await writeFile(`${path}.new`, whole);
  await harness.remove('disk0-notes.vmfd');
  await expect(open([filter('notes')])).rejects.toMatchObject({
    fault: 'CannotOpenDisk',
    message: expect.stringContaining('the sidecar disk0-notes.vmfd is missing'),
  });
});

test('a filter that leaves takes its sidecar along, also one written at the end', async () => {
  let ending: Promise<void> = Promise.resolve();
  const close = (): void => {
    ending = contextOf('notes').sidecar.write(Buffer.from('late'));
    ending.catch(() => undefined);
  };
  const served = await open([filter('notes', { close }), filter('other')]);
  await contextOf('notes').sidecar.write(Buffer.alloc(10));
  await contextOf('other').sidecar.write(Buffer.alloc(10));
  await served.setFilters([filter('other')]);
  await expect(ending).rejects.toThrow('ESHUTDOWN');
  expect(await descriptorText()).toContain('ddb.sidecars = "other:disk0-other.vmfd"');
  const files = await readdir(harness.directory);
  expect(files.filter((name) => name.endsWith('.vmfd'))).toEqual(['disk0-other.vmfd']);
  await served.close();
});

test('copies of sidecars belong to the other disk from then on', async () => {
  const served = await open([filter('notes')]);
  await contextOf('notes').sidecar.write(Buffer.from('first'));
  await served.close();
  const other = await harness.makeDisk(1, MIB);
  await writeFile(
    other.descriptorPath,
    (await descriptorText()).replace('disk0-flat', 'disk1-flat'),
  );
  await copySidecars(disk.descriptorPath, other.descriptorPath);
  const clone = await open([filter('notes')], other.descriptorPath);
  await contextOf('notes').sidecar.write(Buffer.from('second'));
  await clone.close();
  await (await open([filter('notes')])).close();
  expect(Buffer.from(contextOf('notes').sidecar.contents ?? []).toString()).toBe('first');
});

test('own I/O passes the filters below it alone, and comes back through them', async () => {
  const log: string[] = [];
  const note = (name: string) => ({
    write: ({ offset }: DiskIo) => void log.push(`${name} write ${offset}`),
    completed: ({ offset }: DiskIo) => void log.push(`${name} done ${offset}`),
  });
  const names = ['above', 'middle', 'below'];
  const served = await open(names.map((name) => filter(name, note(name))));
  const data = Buffer.alloc(SECTOR, 7);
  await contextOf('middle').below.write(SECTOR, data);
  expect(log).toEqual(['below write 512', 'below done 512']);
  expect(Buffer.from(await contextOf('above').below.read(SECTOR, SECTOR))).toEqual(data);
  await contextOf('below').below.writeZeroes(SECTOR, SECTOR);
  await contextOf('below').below.flush();
  const read = Buffer.alloc(SECTOR, 1);
  expect(await guest(served, READ, SECTOR, read)).toBe(0);
  expect(read).toEqual(Buffer.alloc(SECTOR));
  const [, middle] = served.sample(1000, 0).filters;
  expect(middle?.ownIops).toBe(1);
  await served.close();
});

test.each([
  ['a part of a sector', 1, SECTOR],
  ['a length that is no whole sectors', 0, 100],
  ['nothing', 0, 0],
  ['a negative offset', -SECTOR, SECTOR],
  ['what is not on the disk', MIB, SECTOR],
  ['what is no number', Number.NaN, SECTOR],
])('own I/O on %s is refused', async (_, offset, length) => {
  const served = await open([filter('own')]);
  await expect(contextOf('own').below.read(offset, length)).rejects.toThrow(/^EINVAL: /);
  await served.close();
});

test('own I/O begun in open waits for the chain; after the end it is rejected', async () => {
  let early: Promise<Uint8Array> = Promise.reject(new Error('not begun'));
  early.catch(() => undefined);
  const begin = (context: FilterContext): void => {
    early = context.below.read(0, SECTOR);
  };
  const served = await open([filter('own', {}, begin)]);
  expect(await early).toHaveLength(SECTOR);
  await served.close();
  await expect(contextOf('own').below.read(0, SECTOR)).rejects.toThrow('ESHUTDOWN');
});

test('what a filter begins while frozen is done before its answer, the next waits', async () => {
  const log: string[] = [];
  const data = Buffer.alloc(SECTOR, 9);
  const served = await open([
    filter('own', {
      async diskEvent({ phase }) {
        if (phase !== 'frozen') return;
        await contextOf('own').below.write(0, data);
        log.push('written back');
      },
    }),
  ]);
  const announcement = served.announce('snapshotCreate', { quiesced: true });
  await announcement.prepare();
  await announcement.freeze();
  const late = contextOf('own')
    .below.write(SECTOR, data)
    .then(() => log.push('late'));
  await setImmediate();
  log.push('done');
  await announcement.done();
  await late;
  expect(log).toEqual(['written back', 'done', 'late']);
  await served.close();
});

test('what a filter writes back when it closes reaches the disk', async () => {
  const data = Buffer.alloc(SECTOR, 5);
  const close = () => contextOf('own').below.write(0, data);
  await (await open([filter('own', { close })])).close();
  const served = await open([filter('own')]);
  const read = Buffer.alloc(SECTOR);
  expect(await guest(served, READ, 0, read)).toBe(0);
  expect(read).toEqual(data);
  await served.close();
  expect(faults).toEqual([]);
});

test('what a filter writes back when it leaves passes those below it', async () => {
  const close = () => contextOf('leaving').below.flush();
  const flush: FilterHooks['flush'] = (io) => {
    const token = io.defer();
    const written = contextOf('staying').below.write(0, Buffer.alloc(SECTOR, 6));
    written.then(
      () => token.pass(),
      () => token.fail(EIO),
    );
    return DEFER;
  };
  const staying = filter('staying', { flush });
  const served = await open([filter('leaving', { close }), staying]);
  await served.setFilters([staying]);
  const read = Buffer.alloc(SECTOR);
  expect(await guest(served, READ, 0, read)).toBe(0);
  expect(read[0]).toBe(6);
  expect(faults).toEqual([]);
  await served.close();
});

test('events pass one a second, with the name of their filter', async () => {
  const served = await open([filter('own'), filter('other')]);
  contextOf('own').raiseEvent('warning', 'first');
  contextOf('own').raiseEvent('warning', 'second');
  contextOf('other').raiseEvent('info', 'x'.repeat(5000));
  expect(events.map(({ filter: name, message }) => [name, message.length])).toEqual([
    ['own', 5],
    ['other', 1000],
  ]);
  await served.close();
});
