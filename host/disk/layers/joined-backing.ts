// Several backings one after the other as one disk, for disks whose extents are of several kinds.
import { assert } from '#lib/base/assert.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import { type ChainIo, FLUSH, PENDING } from '../../chain/chain-io.ts';
import type { Backing } from '../backing.ts';
import { runIo } from '../backing-io.ts';
import { appendExtent } from '../files/block-status.ts';

interface Part {
  /** First byte on the disk, and the one after the last. */
  start: number;
  end: number;
  backing: Backing;
}

export class JoinedBacking implements Backing {
  readonly sizeBytes: number;
  readonly #parts: readonly Part[];

  constructor(backings: readonly Backing[]) {
    const parts: Part[] = [];
    for (const backing of backings) {
      const start = parts.at(-1)?.end ?? 0;
      parts.push({ start, end: start + backing.sizeBytes, backing });
    }
    this.#parts = parts;
    this.sizeBytes = parts.at(-1)?.end ?? 0;
  }

  submit(io: ChainIo): number {
    const { offset, length } = io;
    assert(offset + length <= this.sizeBytes, 'an I/O ends within its disk');
    const parts = this.#parts.filter(({ start, end }) => offset < end && offset + length > start);
    const asked = io.code === FLUSH ? this.#parts : parts;
    let left = asked.length;
    let worst = 0;
    let returned = false;
    for (const { start, end, backing } of asked) {
      const from = Math.max(offset, start);
      const request = {
        code: io.code,
        offset: from - start,
        length: io.code === FLUSH ? 0 : Math.min(offset + length, end) - from,
        buffer: io.buffer,
        start: io.start + from - offset,
        fua: io.fua,
        noHole: io.noHole,
      };
      runIo(backing, request, (error) => {
        left -= 1;
        worst = worst === 0 ? error : worst;
        if (left === 0 && returned) io.carrier?.diskDone(io, worst);
      });
    }
    returned = true;
    return left === 0 ? worst : PENDING;
  }

  async blockStatus(offset: number, length: number): Promise<StatusExtent[] | number> {
    const extents: StatusExtent[] = [];
    for (const { start, end, backing } of this.#parts) {
      const from = Math.max(offset, start);
      const wanted = Math.min(offset + length, end) - from;
      if (wanted <= 0) continue;
      const found = await backing.blockStatus(from - start, wanted);
      if (typeof found === 'number') return extents.length > 0 ? extents : found;
      let covered = 0;
      for (const extent of found) {
        appendExtent(extents, extent.length, extent.flags);
        covered += extent.length;
      }
      if (covered < wanted) break;
    }
    return extents;
  }

  async zeroesFrom(offset: number, length: number): Promise<number> {
    let known = 0;
    for (const { start, end, backing } of this.#parts) {
      const from = Math.max(offset + known, start);
      const wanted = Math.min(offset + length, end) - from;
      if (wanted <= 0) continue;
      const found = (await backing.zeroesFrom?.(from - start, wanted)) ?? 0;
      known += found;
      if (found < wanted) break;
    }
    return known;
  }

  async flush(): Promise<number> {
    const errors = await Promise.all(this.#parts.map(({ backing }) => backing.flush()));
    return errors.find((error) => error !== 0) ?? 0;
  }

  async close(): Promise<void> {
    for (const { backing } of this.#parts) await backing.close();
  }
}
