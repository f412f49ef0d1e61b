// Whom a replication target takes records from. A source is paired by a code that the target shows
// once: over a connection that only who has the code can make, the target gives it a name and a
// key of its own. The code is good for one pairing and for a quarter of an hour.
import { z } from 'zod';
import type { Clock } from '#lib/base/clock.ts';
import { type Random, randomHex, randomUuid } from '#lib/base/random.ts';
import { keyOfCode, PSK_BYTES } from '#lib/formats/sealed-box/pairing-code.ts';
import { PAIRING_IDENTITY, type Pairing } from '#lib/wire/agent/target-pairing.ts';
import { StateFile } from '../agent/store/state-file.ts';

const CODE_MS = 15 * 60_000;
/** Without letters that look like others; 32 of them, 5 bits each. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
/** 100 bits, so that a recorded pairing cannot be tried out. */
const CODE_LETTERS = 20;
const GROUP_LETTERS = 5;

const pairingsSchema = z.object({
  format: z.literal(1),
  pairs: z.array(
    z.object({ id: z.string(), key: z.string().length(2 * PSK_BYTES), pairedAt: z.number() }),
  ),
});

export class Pairings {
  readonly #file: StateFile<typeof pairingsSchema>;
  readonly #clock: Clock;
  readonly #random: Random;
  #code: { key: Uint8Array; until: number } | null = null;

  private constructor(
    file: StateFile<typeof pairingsSchema>,
    { clock, random }: { clock: Clock; random: Random },
  ) {
    this.#file = file;
    this.#clock = clock;
    this.#random = random;
  }

  static async open(path: string, parts: { clock: Clock; random: Random }): Promise<Pairings> {
    const initial = () => ({ format: 1 as const, pairs: [] });
    return new Pairings(await StateFile.open(path, pairingsSchema, initial), parts);
  }

  get all(): readonly { id: string; pairedAt: number }[] {
    return this.#file.value.pairs.map(({ id, pairedAt }) => ({ id, pairedAt }));
  }

  /** A new code, in place of any other. */
  newCode(): string {
    const letters = Array.from(
      this.#random.bytes(CODE_LETTERS),
      (byte) => LETTERS[byte % LETTERS.length],
    ).join('');
    this.#code = { key: keyOfCode(letters), until: this.#clock.monotonic() + CODE_MS };
    const groups = letters.match(new RegExp(`.{${GROUP_LETTERS}}`, 'g'));
    return groups?.join('-') ?? letters;
  }

  /** The key of who calls itself so; null for nobody. */
  keyOf(identity: string): Uint8Array | null {
    if (identity === PAIRING_IDENTITY) {
      const code = this.#code;
      return code !== null && code.until > this.#clock.monotonic() ? code.key : null;
    }
    const pair = this.#file.value.pairs.find(({ id }) => id === identity);
    return pair === undefined ? null : Buffer.from(pair.key, 'hex');
  }

  /** The code is used up; durable when this resolves. */
  async pair(): Promise<Pairing> {
    this.#code = null;
    const pairing = { id: randomUuid(this.#random), key: randomHex(this.#random, PSK_BYTES) };
    const { pairs } = this.#file.value;
    const pairedAt = this.#clock.now();
    await this.#file.set({ format: 1, pairs: [...pairs, { ...pairing, pairedAt }] });
    return pairing;
  }

  /** Connections that there are go on; new ones are refused. */
  async forget(id: string): Promise<void> {
    const pairs = this.#file.value.pairs.filter((pair) => pair.id !== id);
    await this.#file.set({ format: 1, pairs });
  }
}
