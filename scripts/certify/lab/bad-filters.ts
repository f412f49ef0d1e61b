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
  keepsBuffers: `let last = null;
    return { write(io) { if (last) last[0] ^= 255; last = io.data; } };`,
  neverAnswers: 'return { flush(io) { io.defer(); return 2; } };',
  saysTooMuch: 'return { statistics: () => ({ surprise: 1 }) };',
} as const;
