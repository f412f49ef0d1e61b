// A vSAN object under chaos: nodes are killed, stopped and started again, owners replaced, while
// registers are written. Every read returns a value that may be current, and in the end both copies
// are alike. The seed of a failure is in its message.
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { MIB } from '#lib/model/limits.ts';
import { readBytes, writeBytes } from '../nbd-client/backing-io.ts';
import { TestVsan } from './test-vsan.ts';
import type { VsanObject } from './vsan-object.ts';

const SIZE = 16 * MIB;
const REGISTERS = 24;
const REGISTER_BYTES = 4096;
let vsan: TestVsan | null = null;

afterEach(async () => {
  await vsan?.dispose();
  vsan = null;
});

/** Each register's last acknowledged value, and those of writes that may have happened since. */
class Registers {
  readonly #may = Array.from({ length: REGISTERS }, () => new Set([0]));
  #value = 0;

  async write(object: VsanObject, register: number): Promise<void> {
    this.#value += 1;
    const value = this.#value;
    const data = Buffer.alloc(REGISTER_BYTES);
    for (let at = 0; at < REGISTER_BYTES; at += 4) data.writeUInt32LE(value, at);
    const may = this.#may[register];
    may?.add(value);
    if ((await writeBytes(object, { offset: offsetOf(register), data })) !== 0) return;
    may?.clear();
    may?.add(value);
  }

  async verify(object: VsanObject): Promise<void> {
    for (const [register, may] of this.#may.entries()) {
      const bytes = await readBytes(object, offsetOf(register), REGISTER_BYTES);
      const value = bytes.readUInt32LE(0);
      expect([...may], `register ${register}`).toContain(value);
      // What was read once stays.
      may.clear();
      may.add(value);
    }
  }
}

function offsetOf(register: number): number {
  return register * Math.floor(SIZE / REGISTERS / REGISTER_BYTES) * REGISTER_BYTES;
}

const step = fc.record({
  what: fc.constantFrom('kill', 'kill', 'replace', 'pause'),
  node: fc.integer({ min: 1, max: 3 }),
  waitMs: fc.integer({ min: 0, max: 400 }),
});

async function disturb(
  lab: TestVsan,
  { what, node, waitMs }: { what: string; node: number; waitMs: number },
): Promise<void> {
  const nodeId = `host${node}`;
  if (what === 'kill') {
    await lab.kill(nodeId);
    await sleep(systemClock, waitMs);
    await lab.start(nodeId);
  } else {
    lab.signal(nodeId, 'SIGSTOP');
    await sleep(systemClock, waitMs);
    lab.signal(nodeId, 'SIGCONT');
  }
}

test('serves no stale data through kills, stalls and new owners', async () => {
  const lab = await TestVsan.create(3);
  vsan = lab;
  const uuid = await lab.createObject(SIZE);
  const registers = new Registers();
  const steps = fc.array(step, { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      let object = await lab.open(uuid);
      let ended = false;
      const writing = Array.from({ length: 4 }, async (_, writer) => {
        for (let turn = writer; !ended; turn += 4) {
          await registers.write(object, turn % REGISTERS);
          await sleep(systemClock, 5);
        }
      });
      for (const each of plan) {
        // The owner before is left as it is: it must find out by itself.
        if (each.what === 'replace') object = await lab.open(uuid);
        else await disturb(lab, each);
      }
      ended = true;
      await Promise.all(writing);
      await registers.verify(object);
      await lab.until(object, 'healthy');
      await registers.verify(object);
      await object.close();
      const { data } = await lab.placesOf(uuid);
      const [a, b] = await Promise.all(data.map((node) => lab.dataOf(node, uuid)));
      expect(a && b?.equals(a)).toBe(true);
    }),
    { numRuns: 5, endOnFailure: true },
  );
}, 600_000);
