// For tests: a world that works without a pause while another one misbehaves.
import { assert } from '#lib/base/assert.ts';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { TestClient } from '../nbd/test-client.ts';
import type { RunningWorld, WorldHarness } from './world-harness.ts';

const BLOCK = 4096;

export class BusyNeighbour {
  readonly world: RunningWorld;
  readonly #client: TestClient;
  readonly #work: Promise<void>;
  #stopped = false;
  #done = 0;
  #failure: unknown = null;

  private constructor(world: RunningWorld, client: TestClient) {
    this.world = world;
    this.#client = client;
    this.#work = this.#run().catch((thrown: unknown) => {
      this.#failure = thrown;
    });
  }

  /** Writes and reads back on a disk of its own. */
  static async start(harness: WorldHarness, diskIndex: number): Promise<BusyNeighbour> {
    const disk = await harness.makeDisk(diskIndex);
    const world = await harness.start(await harness.makeLaunch([disk]));
    return new BusyNeighbour(world, await TestClient.connect({ path: world.launch.nbdSocketPath }));
  }

  /** I/Os that were done so far. */
  get done(): number {
    return this.#done;
  }

  /** Resolves when so many more were done. Throws when one failed or gave other data. */
  async progress(ios: number): Promise<void> {
    const wanted = this.#done + ios;
    while (this.#done < wanted) {
      if (this.#failure !== null) throw this.#failure;
      await sleep(systemClock, 2);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
    if (this.#failure !== null) throw this.#failure;
  }

  async #run(): Promise<void> {
    for (let round = 1; !this.#stopped; round++) {
      const offset = (round % 256) * BLOCK;
      const data = Buffer.alloc(BLOCK, round);
      const written = await this.#client.request({ command: COMMANDS.write, offset, data });
      const read = await this.#client.request({ command: COMMANDS.read, offset, length: BLOCK });
      assert(written.error === 0 && read.error === 0, 'an I/O of the neighbour failed');
      assert(read.data.equals(data), 'an I/O of the neighbour gave other data');
      this.#done += 2;
    }
  }
}
