// Small faults, put into the product's own code as it is loaded, each of which the simulator must
// find: the proof that it can. The code that ships knows nothing of them.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

export interface Mutant {
  /** What it does wrong. */
  about: string;
  /** From the root of the project. */
  file: string;
  /** This text, which the file holds exactly once, … */
  find: string;
  /** … becomes this. */
  replace: string;
}

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'flush-without-sync': {
    about: 'A flush is answered without a sync of the files.',
    file: 'host/disk/flat-disk.ts',
    find: 'this.#sync((error) => io.carrier?.diskDone(io, error));',
    replace: 'queueMicrotask(() => io.carrier?.diskDone(io, 0));',
  },
  'fua-without-sync': {
    about: 'A write with forced unit access is answered without a sync.',
    file: 'host/disk/flat-disk.ts',
    find: 'return error === 0 && io.fua ? this.#flush(io) : error;',
    replace: 'return error;',
  },
  'failed-flush-hidden': {
    about: 'A failed sync is answered as done.',
    file: 'host/disk/flat-disk.ts',
    find: 'this.#sync((error) => io.carrier?.diskDone(io, error));',
    replace: 'this.#sync(() => io.carrier?.diskDone(io, 0));',
  },
  'lease-asked-above-only': {
    about: 'What a filter held back is written although the lease is over.',
    file: 'host/disk/disk-place.ts',
    find: 'lock.isHeld() ? backing.submit(io) : NBD_ERRORS.ESHUTDOWN',
    replace: 'backing.submit(io)',
  },
  'lease-never-ends': {
    about: 'A holder that could not renew in time goes on.',
    file: 'host/datastore/locking/lease.ts',
    find: 'if (this.#clock.monotonic() < this.#end) return true;',
    replace: 'return true;',
  },
  'lock-broken-early': {
    about: 'A silent lock is broken after four seconds.',
    file: 'host/datastore/disk-lock.ts',
    find: '- since >= LOCK_BREAK_MS',
    replace: '- since >= 4_000',
  },
  'lock-by-wall-clock': {
    about: 'The lease is counted by a clock that may step.',
    file: 'host/datastore/locking/lease.ts',
    find: 'if (this.#clock.monotonic() < this.#end) return true;',
    replace: 'if (this.#clock.now() - 1_767_225_600_000 < this.#end) return true;',
  },
  'heartbeat-never-lost': {
    about: 'A heartbeat that could not be written within the lease is written again.',
    file: 'host/datastore/locking/lease.ts',
    find: 'if (!this.isCurrent()) return false;',
    replace: '',
  },
  'heartbeat-not-watched': {
    about: 'A lock whose own file does not change is broken although its heartbeat beats.',
    file: 'host/datastore/locking/holder-watch.ts',
    find: "return text === '' || text === this.#text ? null : again;",
    replace: 'return null;',
  },
  'cache-keeps-old-data': {
    about: 'The cache does not forget what a write is about to change.',
    file: 'filters/cache/write-through-cache.ts',
    find: 'this.#store.valid[slot] = (this.#store.valid[slot] ?? 0) & kept;',
    replace: 'this.#store.valid[slot] = (this.#store.valid[slot] ?? 0) | (kept & 0);',
  },
  'cache-believes-failed-writes': {
    about: 'The cache answers with data whose write has failed.',
    file: 'filters/cache/write-through-cache.ts',
    find: 'this.#endChange(offset, length, error === 0 && length <= FILL_BYTES_MAX);',
    replace: 'this.#endChange(offset, length, length <= FILL_BYTES_MAX);',
  },
  'zeroes-too-short': {
    about: 'A zeroing leaves the last sector of a range as it was.',
    file: 'host/disk/files/zero-range.ts',
    find: 'file.writeNow(ZEROES, 0, length, position)',
    replace: 'file.writeNow(ZEROES, 0, length - 512, position)',
  },
};

/** From now on the module of the mutant is loaded with its fault. */
export function loadMutant(name: string): void {
  const mutant = MUTANTS[name];
  if (mutant === undefined) throw new RangeError(`no mutant is called ${name}`);
  const url = new URL(`../../${mutant.file}`, import.meta.url);
  registerHooks({
    load(asked, context, nextLoad) {
      if (asked !== url.href) return nextLoad(asked, context);
      return { format: 'module-typescript', source: mutate(mutant), shortCircuit: true };
    },
  });
}

/** The file's text with the fault. Throws when the text to replace is not there exactly once. */
export function mutate({ file, find, replace }: Mutant): string {
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
  const parts = readFileSync(path, 'utf8').split(find);
  if (parts.length !== 2) throw new RangeError(`${file} does not hold once: ${find}`);
  return parts.join(replace);
}
