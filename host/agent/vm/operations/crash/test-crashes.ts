// For tests that kill an agent, a VM's world, or both in the middle of an operation: a disk whose
// every acknowledged write is remembered, the killing, and asking again until it is done.
import { expect } from 'vitest';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { Fault } from '#lib/model/fault.ts';
import { KIB } from '#lib/model/limits.ts';
import { TestClient } from '../../../../nbd/test-client.ts';
import { eventually, type TestAgent } from '../../../test-agents.ts';

const SLOTS = 64;
const SLOT_BYTES = 16 * KIB;
/** Between slots, so that they lie in different grain tables. */
const STRIDE = 1000 * KIB;
const FUA = 1;

/** What each place on the disk may hold: the last value acknowledged, or one that was under way. */
export class Registers {
  acknowledged = new Array<number>(SLOTS).fill(0);
  pending = new Map<number, number>();
  #next = 1;
  #stop = false;
  #workers: Promise<void>[] = [];

  start(client: TestClient): void {
    this.#stop = false;
    this.#workers = [0, 1, 2, 3].map((worker) => this.#write(client, worker));
  }

  /** Ends the writers; a connection that broke has ended them already. */
  async end(): Promise<void> {
    this.#stop = true;
    await Promise.all(this.#workers);
  }

  /** What the disk may hold now, for when a snapshot brings it back. */
  copy(): Pick<Registers, 'acknowledged' | 'pending'> {
    return { acknowledged: [...this.acknowledged], pending: new Map(this.pending) };
  }

  restore({ acknowledged, pending }: Pick<Registers, 'acknowledged' | 'pending'>): void {
    this.acknowledged = [...acknowledged];
    this.pending = new Map(pending);
  }

  async verify(client: TestClient): Promise<void> {
    for (let slot = 0; slot < SLOTS; slot++) {
      const request = { command: COMMANDS.read, offset: slot * STRIDE, length: SLOT_BYTES };
      const { error, data } = await client.request(request);
      expect(error).toBe(0);
      const allowed = [this.acknowledged[slot], this.pending.get(slot)];
      const found = new Set<number>();
      for (let at = 0; at < SLOT_BYTES; at += 512) found.add(data.readUInt32LE(at));
      for (const value of found) expect(allowed, `slot ${slot}`).toContain(value);
      // What is torn may stay so; who reads it once reads it for ever.
      const [only] = found;
      if (found.size === 1 && only !== undefined) this.#settle(slot, only);
    }
  }

  #settle(slot: number, value: number): void {
    this.acknowledged[slot] = value;
    this.pending.delete(slot);
  }

  async #write(client: TestClient, worker: number): Promise<void> {
    for (let slot = worker; !this.#stop; slot = (slot + 4) % SLOTS) {
      const value = this.#next++;
      const data = Buffer.alloc(SLOT_BYTES);
      for (let at = 0; at < SLOT_BYTES; at += 4) data.writeUInt32LE(value, at);
      // A slot that is torn since a crash must not get a third value before one of them counts.
      if (this.pending.has(slot)) continue;
      this.pending.set(slot, value);
      const request = { command: COMMANDS.write, offset: slot * STRIDE, flags: FUA, data };
      const reply = await client.request(request).catch(() => null);
      if (reply === null) return;
      expect(reply.error).toBe(0);
      this.#settle(slot, value);
    }
  }
}

/** To a VM that is on, or will be. */
export function connectTo(port: number): Promise<TestClient> {
  return eventually(() =>
    TestClient.connect({ host: '127.0.0.1', port }, { structured: false }).catch(() => null),
  );
}

export type Victim = 'agent' | 'world' | 'both';

export async function kill(host: TestAgent, vmId: string, victim: Victim): Promise<void> {
  const { pid } = (await host.world(vmId)) ?? {};
  if (victim !== 'world') await host.end('SIGKILL');
  if (victim === 'agent' || !pid) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was between two lives.
  }
}

export type Ask = (operationKey: string) => Promise<unknown>;

/** Asks again by the same key; when the operation was taken back, by others until it is done. */
export async function askUntilDone(ask: Ask, key: string): Promise<string[]> {
  const answers: string[] = [];
  for (let attempt = 0; ; attempt++) {
    try {
      await ask(attempt === 0 ? key : `${key}-${attempt}`);
      return [...answers, 'done'];
    } catch (thrown) {
      // A world that was killed is on its way back; what else is wrong ends the test by its limit.
      if (!(thrown instanceof Fault)) throw thrown;
      answers.push(`${thrown.fault}: ${thrown.message}`);
      expect(['SystemError', 'InvalidState'], answers.join()).toContain(thrown.fault);
      await sleep(systemClock, 200);
    }
  }
}
