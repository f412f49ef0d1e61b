// Compares what a guest writes with what was there before, as far as that is known from reads and
// earlier writes. Orderly data that become random, much of it within a short time, are what
// ransomware looks like from below. Data that were dense or random before tell nothing.
import type {
  DiskEvent,
  DiskIo,
  FilterContext,
  FilterHooks,
  FilterLifecycle,
  PropertyValues,
} from '#lib/filter-sdk/filter.ts';
import { BLOCK_BYTES, examine, lastEntropy, ORDERLY, RANDOM } from './block-entropy.ts';
import { BlockMemory } from './block-memory.ts';
import { SlidingCount } from './sliding-count.ts';

const MIB = 1024 * 1024;
/** The next alarm is armed when the window holds less than this share of the threshold. */
const QUIET_SHARE = 0.5;

type Hooks = Omit<FilterHooks, 'flush' | 'prefetch'> & FilterLifecycle;

/** The mean since it was asked for last. */
class Mean {
  #sum = 0;
  #count = 0;

  add(value: number): void {
    this.#sum += value;
    this.#count += 1;
  }

  /** Null when nothing was added. */
  take(): number | null {
    const mean = this.#count === 0 ? null : this.#sum / this.#count;
    this.#sum = 0;
    this.#count = 0;
    return mean;
  }
}

export class EntropyInspector implements Hooks {
  readonly #context: FilterContext;
  readonly #memory = new BlockMemory();
  readonly #written = new Mean();
  readonly #read = new Mean();
  #every = 1;
  #windowMs = 0;
  /** In watched blocks. */
  #threshold = 0;
  #share = 0;
  #orderly: SlidingCount;
  #turned: SlidingCount;
  #overwritten = 0;
  #encrypted = 0;
  #alarms = 0;
  #armed = true;

  constructor(context: FilterContext) {
    this.#context = context;
    this.#orderly = new SlidingCount(1, 0);
    this.#turned = new SlidingCount(1, 0);
    this.setProperties(context.properties);
    if (context.state !== null) this.#memory.load(context.state);
  }

  /** The window begins anew; what is known of blocks stays. */
  setProperties(properties: PropertyValues): void {
    this.#every = numberOf(properties, 'sampling');
    this.#windowMs = numberOf(properties, 'windowSeconds') * 1000;
    const blocks = (numberOf(properties, 'thresholdMib') * MIB) / BLOCK_BYTES;
    this.#threshold = Math.max(1, blocks / this.#every);
    this.#share = numberOf(properties, 'sharePercent') / 100;
    const now = this.#context.clock.monotonic();
    this.#orderly = new SlidingCount(this.#windowMs, now);
    this.#turned = new SlidingCount(this.#windowMs, now);
    this.#armed = true;
  }

  read(): void {
    // What is read is examined when it is there, on the way out.
  }

  write(io: DiskIo): void {
    this.#forgetEnds(io);
    const end = firstBlockBehind(io);
    for (let block = this.#nextWatched(firstWholeBlock(io)); block < end; block += this.#every) {
      this.#compare(block, io);
    }
  }

  trim({ offset, length }: DiskIo): void {
    this.#forget(offset, length);
  }

  writeZeroes({ offset, length }: DiskIo): void {
    this.#forget(offset, length);
  }

  completed(io: DiskIo): void {
    if (io.operation === 'write' && io.error !== 0) this.#forget(io.offset, io.length);
    if (io.operation !== 'read' || io.error !== 0) return;
    const end = firstBlockBehind(io);
    for (let block = this.#nextWatched(firstWholeBlock(io)); block < end; block += this.#every) {
      if (this.#memory.look(block) !== 0) continue;
      this.#memory.learn(block, examine(io.data, block * BLOCK_BYTES - io.offset));
      this.#read.add(lastEntropy);
    }
  }

  /** An older content takes the place of the present one: nothing is known any more. */
  diskEvent({ kind, phase }: DiskEvent): void {
    if (kind === 'snapshotRevert' && phase === 'done') this.#memory.forgetAll();
  }

  saveState(): Uint8Array {
    return this.#memory.save();
  }

  statistics(): Record<string, number> {
    const turned = this.#turned.total(this.#context.clock.monotonic());
    const numbers: Record<string, number> = {
      turned: (turned * this.#every * BLOCK_BYTES) / MIB,
      suspicion: (100 * turned) / this.#threshold,
      overwritten: this.#overwritten,
      encrypted: this.#encrypted,
      known: this.#memory.known,
      alarms: this.#alarms,
    };
    const [written, read] = [this.#written.take(), this.#read.take()];
    if (written !== null) numbers.writeEntropy = written;
    if (read !== null) numbers.readEntropy = read;
    return numbers;
  }

  #compare(block: number, io: DiskIo): void {
    const before = this.#memory.look(block);
    const after = examine(io.data, block * BLOCK_BYTES - io.offset);
    this.#written.add(lastEntropy);
    this.#memory.learn(block, after);
    if (before !== ORDERLY) return;
    const now = this.#context.clock.monotonic();
    this.#overwritten += 1;
    this.#orderly.add(now);
    if (after !== RANDOM) return;
    this.#encrypted += 1;
    this.#turned.add(now);
    this.#judge(now);
  }

  #judge(now: number): void {
    const turned = this.#turned.total(now);
    if (turned < this.#threshold * QUIET_SHARE) this.#armed = true;
    if (!this.#armed || turned < this.#threshold) return;
    if (turned < this.#share * this.#orderly.total(now)) return;
    this.#armed = false;
    this.#alarms += 1;
    const mib = Math.round((turned * this.#every * BLOCK_BYTES) / MIB);
    const seconds = Math.round(this.#windowMs / 1000);
    const message =
      `The disk begins to look encrypted: about ${mib} MiB of orderly data were overwritten ` +
      `with random-looking data within ${seconds} s.`;
    this.#context.raiseEvent('warning', message);
  }

  /** Blocks that a write covers in part keep no look. */
  #forgetEnds({ offset, length }: DiskIo): void {
    const end = offset + length;
    if (offset % BLOCK_BYTES !== 0) this.#memory.forget(Math.floor(offset / BLOCK_BYTES));
    if (end % BLOCK_BYTES !== 0) this.#memory.forget(Math.floor(end / BLOCK_BYTES));
  }

  #forget(offset: number, length: number): void {
    const end = Math.ceil((offset + length) / BLOCK_BYTES);
    this.#memory.forgetRange(Math.floor(offset / BLOCK_BYTES), end);
  }

  #nextWatched(block: number): number {
    return Math.ceil(block / this.#every) * this.#every;
  }
}

function firstWholeBlock({ offset }: DiskIo): number {
  return Math.ceil(offset / BLOCK_BYTES);
}

function firstBlockBehind({ offset, length }: DiskIo): number {
  return Math.floor((offset + length) / BLOCK_BYTES);
}

function numberOf(properties: PropertyValues, name: string): number {
  const value = properties[name];
  return typeof value === 'number' && value > 0 ? value : 1;
}
