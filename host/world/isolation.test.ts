// What a filter that misbehaves does to its own VM, and that it does nothing to another one on the
// same host: real processes, one with the filter, one that works without a pause beside it. What
// needs the host agent to end it, loops and leaks, is tried in host/agent/vm/world-watch.test.ts.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { TestClient } from '../nbd/test-client.ts';
import { BusyNeighbour } from './busy-neighbour.ts';
import type { WorldStatus } from './control.ts';
import { type HarnessDisk, type RunningWorld, WorldHarness } from './world-harness.ts';

/** What the neighbour must get done after each misbehaviour. */
const IOS = 50;

let harness: WorldHarness;
let disk: HarnessDisk;
let disks = 0;
let neighbour: BusyNeighbour;

beforeAll(async () => {
  harness = await WorldHarness.create();
  neighbour = await BusyNeighbour.start(harness, 0);
});

beforeEach(async () => {
  disks += 1;
  disk = await harness.makeDisk(disks);
});

afterAll(async () => {
  await neighbour.stop();
  await harness.dispose();
});

async function startWith(body: string, checked = false): Promise<RunningWorld> {
  const source = `let kept, token, count = 0;
    export default { kind: 'partial', safeBecause: 'a test', name: 'bad', class: 'inspection',
      apiVersion: 1, summary: '', statistics: [], properties: [],
      open(context) { return { ${body} }; } };`;
  const filter = await harness.makeFilter('bad', source);
  const launch = await harness.makeLaunch([disk], [filter]);
  return harness.start({ ...launch, checked });
}

/** Eight writes, one after the other; the errors that the guest saw. */
async function write(world: RunningWorld, count = 8): Promise<number[]> {
  const client = await TestClient.connect({ path: world.launch.nbdSocketPath });
  const errors: number[] = [];
  for (let block = 0; block < count; block++) {
    const data = Buffer.alloc(4096, block + 1);
    const { error } = await client.request({
      command: COMMANDS.write,
      offset: block * 4096,
      data,
    });
    errors.push(error);
  }
  return errors;
}

async function faultsOf(world: RunningWorld): Promise<WorldStatus['filterFaults']> {
  const { filterFaults } = await world.client.status();
  return filterFaults;
}

/** Waits until a fault of the filter is there; the test's own limit ends what never comes. */
async function fault(world: RunningWorld): Promise<string> {
  for (;;) {
    const [found] = await faultsOf(world);
    if (found) return `${found.filter} ${found.operation}: ${found.message}`;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const { EIO } = NBD_ERRORS;
const ALL_WELL = Array.from({ length: 8 }, () => 0);
const ALL_FAIL = Array.from({ length: 8 }, () => EIO);

describe.each([
  {
    what: 'throws',
    body: 'write() { throw new Error("broken"); }',
    says: 'bad write: Error: broken',
    guest: ALL_FAIL,
  },
  {
    what: 'throws on the way out',
    body: 'completed() { null.x; }',
    says: /^bad completed: TypeError/,
    guest: ALL_FAIL,
  },
  {
    what: 'returns a promise that is rejected later',
    body: 'async write() { await null; throw new Error("late"); }',
    says: /^bad write: returned a promise/,
    guest: ALL_FAIL,
  },
  {
    what: 'leaves a promise behind that is rejected',
    body: 'write() { Promise.reject(new Error("late")); }',
    says: 'bad promise: Error: late',
    guest: ALL_WELL,
  },
  {
    what: 'rejects without a reason',
    body: 'write() { Promise.reject(); }',
    says: 'bad promise: undefined',
    guest: ALL_WELL,
  },
  {
    what: 'throws in a timer',
    body: 'write() { context.clock.after(1, () => { throw new Error("late"); }); }',
    says: 'bad timer: late',
    guest: ALL_WELL,
  },
  {
    what: 'answers twice',
    body: `write(io) { token = io.defer();
      setImmediate(() => { token.pass(); token.pass(); }); return 2; }`,
    says: 'bad write: answered a deferred I/O that was answered before',
    guest: ALL_WELL,
  },
  {
    what: 'answers an I/O that is not its own any more, while another one has its place',
    body: `write(io) {
      if (token) token.fail(5);
      else { token = io.defer(); setImmediate(() => token.pass()); return 2; } }`,
    says: 'bad write: answered a deferred I/O that was answered before',
    guest: ALL_WELL,
  },
  {
    what: 'defers an I/O that was lent to it before',
    body: `write(io) { kept ??= io;
      context.clock.after(1, () => kept.defer()); }`,
    says: /^bad timer: /,
    guest: ALL_WELL,
  },
  {
    what: 'changes where an I/O goes',
    body: 'write(io) { io.offset = 2 ** 52; }',
    says: 'bad write: changed what the I/O is',
    guest: ALL_FAIL,
  },
  {
    what: 'answers with nonsense',
    body: 'write() { return "done"; }',
    says: 'bad write: returned done, which is no answer here',
    guest: ALL_FAIL,
  },
  {
    what: 'throws when it is asked for numbers',
    body: 'statistics() { throw new Error("none"); }',
    says: 'bad statistics: Error: none',
    guest: ALL_WELL,
  },
])('a filter that $what', ({ body, says, guest }) => {
  test('costs at most its own VM the I/O, and is named', async () => {
    const world = await startWith(body);
    expect(await write(world)).toEqual(guest);
    await world.client.sample();
    await neighbour.progress(IOS);
    const found = await fault(world);
    if (typeof says === 'string') expect(found).toBe(says);
    else expect(found).toMatch(says);
    expect(await world.client.status()).toMatchObject({ state: 'running' });
    expect((await neighbour.world.client.status()).filterFaults).toEqual([]);
  });
});

test('a filter that rejects what happens to its disk is named with the operation', async () => {
  const world = await startWith('async diskEvent() { await null; throw new Error("never"); }');
  await world.client.operate({ mark: 'one', operation: { kind: 'reset' }, commit: null });
  expect(await fault(world)).toBe('bad reset (prepare): never');
  expect(await write(world)).toEqual(ALL_WELL);
  await neighbour.progress(IOS);
});

test('a filter that refuses to leave its disk stays, and its reason is told', async () => {
  const world = await startWith(`diskEvent({ kind, phase }) {
    if (kind === 'detach' && phase === 'prepare') throw new Error('not while it is encrypted');
  }`);
  const left = world.client.setDiskFilters(disk.key, []);
  await expect(left).rejects.toMatchObject({
    fault: 'FilterFault',
    message: 'The I/O filter bad refuses detach (prepare): not while it is encrypted',
  });
  const { disks: running } = await world.client.status();
  expect(running[0]?.filters.map(({ name }) => name)).toEqual(['bad']);
  expect(await write(world)).toEqual(ALL_WELL);
});

test('a filter that throws where nobody can catch it ends its own VM, which says why', async () => {
  const world = await startWith('write() { setTimeout(() => { throw new Error("far out"); }); }');
  const ended = new Promise((resolve) => world.child.once('exit', resolve));
  await write(world, 1).catch(() => 'the connection is closed');
  let status = await world.client.status();
  while (status.state === 'running') status = await world.client.status();
  expect(status).toMatchObject({
    state: 'faulted',
    fault: {
      fault: 'FilterFault',
      message: 'The I/O filter bad threw in a callback: Error: far out',
    },
  });
  await neighbour.progress(IOS);
  expect(await ended).toBe(1);
}, 30_000);

describe.each([
  {
    what: 'writes outside its data',
    body: 'write({ data }) { new Uint8Array(data.buffer, data.byteOffset - 1, 1)[0] = 9; }',
    says: "bad write: wrote outside an I/O's data",
  },
  {
    what: 'keeps its data and writes to them after its answer',
    body: 'write({ data }) { if (kept) kept[7] = 9; kept = data; }',
    says: "bad write: wrote to an I/O's data after it had answered",
  },
  {
    what: 'keeps an I/O and looks at it after its answer',
    body: 'write(io) { try { count += kept?.length ?? 0; } catch {} kept = io; }',
    says: 'bad write: used an I/O after it had answered',
  },
])('in checked mode a filter that $what', ({ body, says }) => {
  test('is named, and the guest has the data that it wrote', async () => {
    const world = await startWith(body, true);
    // More than what is watched after it was answered.
    expect(await write(world, 100)).toEqual(Array.from({ length: 100 }, () => 0));
    expect(await fault(world)).toBe(says);
    const client = await TestClient.connect({ path: world.launch.nbdSocketPath });
    for (let block = 0; block < 100; block++) {
      const { data } = await client.request({
        command: COMMANDS.read,
        offset: block * 4096,
        length: 4096,
      });
      expect(data).toEqual(Buffer.alloc(4096, block + 1));
    }
    await neighbour.progress(IOS);
  });
});

test('without it, one that writes over all that it can reach harms its own VM alone', async () => {
  const world = await startWith(`write({ data }) { kept = new Uint8Array(data.buffer); },
    flush() { kept?.fill(0xff); }`);
  await write(world, 4);
  const client = await TestClient.connect({ path: world.launch.nbdSocketPath });
  await client.request({ command: COMMANDS.flush }).catch(() => 'its own connection may break');
  await neighbour.progress(20 * IOS);
  expect(await world.client.status()).toMatchObject({ state: 'running' });
});
