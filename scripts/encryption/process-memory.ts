// For tests, on Linux: looks for secrets in the memory of another process, as a dump of it would
// show them.
import { open, readFile } from 'node:fs/promises';

const PIECE_BYTES = 8 * 1024 * 1024;
const OVERLAP_BYTES = 256;
/** A key is found by its first bytes: what follows may be further rounds of its schedule. */
const SHORTEST_BYTES = 16;

export interface Secret {
  name: string;
  bytes: Uint8Array;
}

/** The names of those that stand in any memory that the process may write to. */
export async function secretsIn(pid: number, secrets: readonly Secret[]): Promise<string[]> {
  const wanted = secrets.flatMap(formsOf);
  const found = new Set<string>();
  const memory = await open(`/proc/${pid}/mem`);
  try {
    for (const [from, to] of inPieces(await writableOf(pid))) {
      const piece = await read(memory, from, to - from);
      const seen = wanted.filter(({ bytes }) => piece.includes(bytes));
      for (const { name } of seen) found.add(name);
    }
  } finally {
    await memory.close();
  }
  return [...found].sort();
}

/** As it is, and as texts have it. */
function formsOf({ name, bytes }: Secret): { name: string; bytes: Buffer }[] {
  const all = Buffer.from(bytes);
  return [
    { name, bytes: all.subarray(0, SHORTEST_BYTES) },
    { name: `${name} in base64`, bytes: Buffer.from(all.toString('base64').slice(0, 20)) },
    { name: `${name} in hexadecimal`, bytes: Buffer.from(all.toString('hex').slice(0, 32)) },
  ];
}

/** They overlap, so that nothing is cut in two. */
function* inPieces(regions: readonly [number, number][]): Generator<[number, number]> {
  for (const [from, to] of regions) {
    for (let at = from; at < to; at += PIECE_BYTES - OVERLAP_BYTES) {
      yield [at, Math.min(at + PIECE_BYTES, to)];
    }
  }
}

async function writableOf(pid: number): Promise<[number, number][]> {
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8');
  return [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)].map((match) => [
    Number.parseInt(match[1] ?? '', 16),
    Number.parseInt(match[2] ?? '', 16),
  ]);
}

async function read(
  memory: Awaited<ReturnType<typeof open>>,
  position: number,
  length: number,
): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  try {
    const { bytesRead } = await memory.read(buffer, 0, length, position);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    // A region of a device, or one that is gone by now, holds nothing of ours.
    if (error instanceof Error && 'code' in error && error.code === 'EIO') return Buffer.alloc(0);
    throw error;
  }
}
