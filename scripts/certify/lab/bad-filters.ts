// For tests: the code of filters that do wrong, each in one way, and VIBs around them.
import { createHash } from 'node:crypto';
import { PLUGIN_ROOT } from '#lib/formats/vib/filter-payload.ts';
import { testDescriptor, textFile } from '#lib/formats/vib/vib-fixtures.ts';
import { writeVib } from '#lib/formats/vib/write-vib.ts';

/** A VIB of a filter called `bad` whose `open` has this body. */
export function badVib(body: string, head = ''): Promise<Uint8Array> {
  const directory = `${PLUGIN_ROOT}/bad`;
  const identity = {
    ...{ name: 'bad', class: 'inspection', apiVersion: 1, summary: 'For tests' },
    ...{ properties: [], statistics: [] },
  };
  const module = textFile(
    `${directory}/filter.js`,
    `${head}export default { ...${JSON.stringify(identity)}, kind: 'partial',
      safeBecause: 'It is a test.', open(context) { ${body} } };`,
  );
  const entrySha256 = createHash('sha256').update(module.bytes).digest('hex');
  const manifest = JSON.stringify({ ...identity, entry: module.path, entrySha256 });
  return writeVib({
    descriptor: testDescriptor({ name: 'bad' }),
    files: [module, textFile(`${directory}/filter.json`, manifest)],
    payloadName: 'bad',
    keys: [],
  });
}

/** Sectors that were written or read, by number, and how they are served from there. */
const SECTOR_CACHE = `
  const sectors = new Map();
  const each = (io, use) => { for (let at = 0; at < io.length; at += 512)
    use((io.offset + at) / 512, at); };
  const keep = (io) => { const copy = new Uint8Array(io.data);
    each(io, (sector, at) => sectors.set(sector, copy.subarray(at, at + 512))); };
  const serve = (io) => { let whole = true;
    each(io, (sector) => { if (!sectors.has(sector)) whole = false; });
    if (whole) each(io, (sector, at) => io.data.set(sectors.get(sector), at));
    return whole ? 1 : 0; };
  const drop = (io) => each(io, (sector) => sectors.delete(sector));
`;

/** The whole disk on the flash of its host; what a flush does there is left out. */
const ON_FLASH = `
  const { flash, sidecar, disk } = context;
  const id = sidecar.contents && new TextDecoder().decode(sidecar.contents);
  const file = id ? flash.find(id) : flash.make('bad:' + disk.id, disk.sizeBytes);
  const named = id ? Promise.resolve() : sidecar.write(new TextEncoder().encode(file.id));
  const zero = (io) => { file.write(io.offset, new Uint8Array(io.length)); return 1; };
  const durably = (io, work) => { const token = io.defer();
    work().then(() => token.complete(), () => token.fail(5)); return 2; };
  const sync = () => named.then(() => file.sync());
  const hooks = { trim: zero, writeZeroes: zero, close: () => file.close(),
    read(io) { file.read(io.offset, io.data); return 1; },
    write(io) { file.write(io.offset, io.data); return io.fua ? durably(io, sync) : 1; } };
`;

/** Honest: what was flushed is on the flash. */
export const DISK_ON_FLASH = `${ON_FLASH} return { ...hooks, flush: (io) => durably(io, sync) };`;

/**
 * Inverts every byte of the disk anew when its VM is resumed, and only then keeps that it has: a
 * kill between the two leaves data that nobody can read.
 */
const TWO_STEPS = `
  const { below, sidecar, disk } = context;
  let mask = sidecar.contents ? sidecar.contents[0] : 0;
  const turn = (data, by) => { for (let at = 0; at < data.length; at++) data[at] ^= by; };
  const fill = (io) => { if (mask === 0) return 0; const token = io.defer();
    below.write(io.offset, new Uint8Array(io.length).fill(mask), { fua: io.fua })
      .then(() => token.complete(), () => token.fail(5)); return 2; };
  return { trim: fill, writeZeroes: fill, write(io) { turn(io.data, mask); },
    completed(io) { if (io.operation === 'read' && io.error === 0) turn(io.data, mask); },
    async diskEvent({ kind, phase }) {
      if (kind !== 'resume' || phase !== 'prepare') return;
      const data = new Uint8Array(await below.read(0, disk.sizeBytes));
      turn(data, 255);
      await below.write(0, data, { fua: true });
      await sidecar.write(new Uint8Array([mask ^ 255]));
      mask ^= 255; } };
`;

/** By what is wrong with it: the body of `open`. */
export const BAD_FILTERS = {
  dropsWrites: 'let n = 0; return { write() { n += 1; return n % 20 === 0 ? 1 : 0; } };',
  dropsFlushes: 'return { flush: () => 1 };',
  ignoresFua: `return { write(io) { if (!io.fua) return 0; const token = io.defer();
    context.below.write(io.offset, io.data).then(() => token.complete(), () => token.fail(5));
    return 2; } };`,
  staleAfterTrim: `${SECTOR_CACHE} return { read: serve, write: drop, writeZeroes: drop,
    completed(io) { if (io.operation === 'read' && io.error === 0) keep(io); } };`,
  swallowsTrims: 'return { trim: () => 1 };',
  forgetsZeroes: `${SECTOR_CACHE} return { read: serve, write: drop, trim: drop,
    completed(io) { if (io.operation === 'read' && io.error === 0) keep(io); } };`,
  leaks: `const kept = []; return { write(io) { kept.push(new Uint8Array(io.data)); } };`,
  answersTwice: `return { read(io) { const token = io.defer();
    context.clock.after(1, () => { token.pass(); token.pass(); }); return 2; } };`,
  hidesErrors: `return { write(io) { const token = io.defer();
    context.below.write(io.offset, io.data, { fua: io.fua })
      .then(() => token.complete(), () => token.complete()); return 2; },
    flush(io) { const token = io.defer();
    context.below.flush().then(() => token.complete(), () => token.complete()); return 2; } };`,
  forgetsItsKey: `const chance = () => 1 + Math.floor(Math.random() * 255);
    const key = [chance(), chance()];
    const turn = (io) => { const data = io.data;
      for (let at = 0; at < data.length; at += 512) { const sector = data.subarray(at, at + 512);
        if (sector.some((byte) => byte !== 0))
          for (let i = 0; i < 512; i++) sector[i] ^= key[i % 2]; } };
    return { write: turn, completed(io) { if (io.operation === 'read') turn(io); } };`,
  changesInTwoSteps: TWO_STEPS,
  trustsTheFlash: `${ON_FLASH} return { ...hooks, flush: () => 1 };`,
  keepsBuffers: `let last = null;
    return { write(io) { if (last) last[0] ^= 255; last = io.data; } };`,
  neverAnswers: 'return { flush(io) { io.defer(); return 2; } };',
  saysTooMuch: 'return { statistics: () => ({ surprise: 1 }) };',
} as const;
