// Operations in a real world with real filters: who is told what and when, what a veto leaves, and
// what a full datastore does to a guest.
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { eventually } from '../../agent/test-agents.ts';
import { sparePathOf } from '../../datastore/vmx/vmx-spare.ts';
import { haveTools, mustRun, runTool } from '../test-peers.ts';
import { type HarnessDisk, type RunningWorld, WorldHarness } from '../world-harness.ts';
import type { Operation } from './operation.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

/** Writes what it hears into a file, and refuses what another file names. */
function listener(name: string, folder: string): string {
  return `import { appendFileSync, existsSync } from 'node:fs';
    export default { kind: 'partial', safeBecause: 'it only listens', name: '${name}',
      class: '${name === 'first' ? 'inspection' : 'cache'}', apiVersion: 1, summary: '',
      properties: [], statistics: [], open: () => ({
        diskEvent({ kind, phase }) {
          appendFileSync('${folder}/heard', '${name} ' + kind + ' ' + phase + '\\n');
          if (existsSync('${folder}/veto-${name}-' + phase)) throw new Error('not now');
        },
        saveState: () => new TextEncoder().encode('${name} was here'),
      }) };`;
}

let harness: WorldHarness;
let disk: HarnessDisk;
let world: RunningWorld;
let marks = 0;

beforeAll(async () => {
  harness = await WorldHarness.create();
  disk = await harness.makeDisk(0);
  const filters = [];
  for (const name of ['first', 'second']) {
    const source = listener(name, harness.directory);
    const filterClass = name === 'first' ? ('inspection' as const) : ('cache' as const);
    filters.push(await harness.makeFilter(name, source, { class: filterClass }));
  }
  world = await harness.start(await harness.makeLaunch([disk], filters));
});

afterAll(() => harness.dispose());

async function operate(operation: Operation, committed = true) {
  marks += 1;
  const mark = `mark-${marks}`;
  const vmxPath = join(harness.directory, 'vm.vmx');
  const commit = { mark, vmxPath, vmx: `sluice.operation = "${mark}"\n`, followUps: [] };
  await writeFile(join(harness.directory, 'heard'), '');
  return world.client.operate({ mark, operation, commit: committed ? commit : null });
}

async function heard(): Promise<string[]> {
  return (await readFile(join(harness.directory, 'heard'), 'utf8')).trim().split('\n');
}

function redoLog(number: number): string {
  return join(harness.directory, `disk0-00000${number}.vmdk`);
}

function snapshot(number: number): Operation {
  const disks = [{ key: disk.key, descriptorPath: redoLog(number) }];
  return { kind: 'snapshot', quiesced: false, disks };
}

test('each filter hears of a snapshot in class order, and the commit is whole', async () => {
  const { pauseMs } = await operate(snapshot(1));
  expect(pauseMs).toBeGreaterThan(0);
  expect(await heard()).toEqual([
    'first snapshotCreate prepare',
    'second snapshotCreate prepare',
    'first snapshotCreate frozen',
    'second snapshotCreate frozen',
    'first snapshotCreate done',
    'second snapshotCreate done',
  ]);
  const descriptor = await readFile(redoLog(1), 'utf8');
  expect(descriptor).toContain('parentFileNameHint="disk0.vmdk"');
  expect(descriptor).toContain('ddb.iofilters = "first,second"');
});

test.each(['prepare', 'frozen'])('a veto in %s leaves everything as it was', async (phase) => {
  const veto = join(harness.directory, `veto-second-${phase}`);
  await writeFile(veto, '');
  const vmx = await readFile(join(harness.directory, 'vm.vmx'), 'utf8');
  await expect(operate(snapshot(2))).rejects.toMatchObject({
    fault: 'FilterFault',
    message: expect.stringContaining('not now'),
  });
  await rm(veto);
  expect(await heard()).toContain('first snapshotCreate undone');
  expect(await readFile(join(harness.directory, 'vm.vmx'), 'utf8')).toBe(vmx);
  const status = await world.client.status();
  expect(status).toMatchObject({ state: 'running', operation: null });
  await rm(redoLog(2), { force: true });
  await rm(redoLog(2).replace('.vmdk', '-delta.vmdk'), { force: true });
  await operate(snapshot(2));
  const merge = {
    kind: 'merge',
    key: disk.key,
    running: true,
    grandchildren: [] as string[],
  } as const;
  await operate({ ...merge, parentPath: redoLog(1), childPath: redoLog(2) });
  for (const path of [redoLog(2), redoLog(2).replace('.vmdk', '-delta.vmdk')]) await rm(path);
});

test('asked again by its mark, an operation is answered again and not done again', async () => {
  const mark = `mark-${marks}`;
  const params = { mark, operation: snapshot(9), commit: null };
  expect((await world.client.operate(params)).copiedBytes).toBeGreaterThanOrEqual(0);
  expect(existsSync(redoLog(9))).toBe(false);
});

test('suspend keeps what filters remember, and a world that finds it resumes', async () => {
  const statePath = join(harness.directory, 'vm.vmss');
  await operate({ kind: 'suspend', statePath }, false);
  expect(await heard()).toContain('second suspend done');
  const state = await readFile(statePath, 'utf8');
  expect(state).toContain(Buffer.from('first was here').toString('base64'));
  await world.client.stop();
  const disks = world.launch.disks.map((each) => ({ ...each, descriptorPath: redoLog(1) }));
  world = await harness.start({ ...world.launch, disks, statePath });
  expect(existsSync(statePath)).toBe(false);
  expect(await heard()).toContain('first resume done');
});

test('a disk that goes with a revert keeps its lock until all files are written', async () => {
  const places = [await harness.makeDisk(4), await harness.makeDisk(5)];
  const [stays, goes] = places.map(({ key, descriptorPath }) => ({ key, descriptorPath }));
  if (stays === undefined || goes === undefined) throw new Error('there are two disks');
  const two = await harness.start(await harness.makeLaunch(places));
  const vmxPath = join(harness.directory, 'two.vmx');
  const followUps = [{ path: join(harness.directory, 'two.vmsd'), text: 'the snapshots' }];
  const frozen = join(harness.directory, 'disk4-000001.vmdk');
  await two.client.operate({
    ...{ mark: 'reverted', commit: { mark: 'reverted', vmxPath, vmx: '', followUps } },
    operation: {
      ...{ kind: 'revert', removed: [goes.key] },
      disks: [{ key: stays.key, parentPath: stays.descriptorPath, descriptorPath: frozen }],
    },
  });
  expect(await readFile(join(harness.directory, 'two.vmsd'), 'utf8')).toBe('the snapshots');
  expect(existsSync(sparePathOf(vmxPath))).toBe(true);
  expect(await readFile(two.launch.logPath, 'utf8')).not.toContain('lock');
  const { disks } = await two.client.status();
  expect(disks.map(({ key }) => key)).toEqual([stays.key]);
  // Its lock is free: it can be attached again.
  const [, launched] = two.launch.disks;
  if (launched === undefined) throw new Error('it was launched with two disks');
  await two.client.operate({
    ...{ mark: 'back', commit: null },
    operation: { kind: 'attach', disk: launched },
  });
  expect((await two.client.status()).disks.length).toBe(2);
  await two.client.stop();
});

const mountable = haveTools('qemu-io', 'mount', 'umount') && process.getuid?.() === 0;

/** Runs the work while a guest of its own writes 2 MiB that find no room. */
async function whileFull(work: (guest: FullGuest) => Promise<void>): Promise<void> {
  const small = join(harness.directory, 'small');
  await mkdir(small, { recursive: true });
  const mounted = await runTool('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small]);
  // Not every machine lets its root mount.
  if (mounted.code !== 0) return;
  try {
    const full = await harness.makeDisk(1);
    const text = await readFile(full.descriptorPath, 'utf8');
    const descriptorPath = join(small, 'disk1.vmdk');
    await writeFile(descriptorPath, text);
    await writeFile(join(small, 'disk1-flat.vmdk'), '');
    await truncate(join(small, 'disk1-flat.vmdk'), 64 * 1024 * 1024);
    const ballast = join(small, 'ballast');
    await appendFile(ballast, Buffer.alloc(3 * 1024 * 1024));
    const guest = await harness.start(await harness.makeLaunch([{ ...full, descriptorPath }]));
    const io = (command: string) =>
      mustRun('qemu-io', ['-f', 'raw', '-c', command, guest.uri()], { timeoutMs: 120_000 });
    const write = io('write -P 7 0 2M');
    const waiting = async () => (await guest.client.status()).disks[0]?.waitingForSpace ?? 0;
    await eventually(async () => (await waiting()) > 0);
    await work({ guest, key: full.key, descriptorPath, ballast });
    expect(await write).toContain('wrote 2097152');
    expect(await io('read -P 7 0 2M')).not.toMatch(/verification failed/i);
    expect(await waiting()).toBe(0);
    await guest.client.stop();
  } finally {
    await runTool('umount', [small]);
  }
}

interface FullGuest {
  guest: typeof world;
  key: number;
  descriptorPath: string;
  /** What fills the datastore. */
  ballast: string;
}

test.skipIf(!mountable)('a full datastore pauses the guest, and room resumes it', () =>
  whileFull(({ ballast }) => rm(ballast)),
);

test.skipIf(!mountable)('what waits for space moves to where there is some', () =>
  whileFull(async ({ guest, key, descriptorPath }) => {
    const grow = { kind: 'grow', key, capacityBytes: 128 * 1024 * 1024 } as const;
    const refused = guest.client.operate({ mark: 'grow', operation: grow, commit: null });
    await expect(refused).rejects.toMatchObject({ fault: 'NoDiskSpace' });
    const targetPath = join(harness.directory, 'moved', 'disk1.vmdk');
    const layer = { sourcePath: descriptorPath, targetPath, parentPath: null };
    const disks = [{ key, layers: [{ ...layer, provisioning: 'thin' as const }] }];
    const operation = { kind: 'relocate' as const, disks };
    const moved = await guest.client.operate({ mark: 'move', operation, commit: null });
    expect(moved.copiedBytes).toBeLessThan(4 * 1024 * 1024);
  }),
);
