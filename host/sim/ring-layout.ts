// The ring on a disk: each node is a block that names the next one, and a journal block holds the
// last transaction, so that one that was cut off can be done again. Every block has a checksum.
import { SECTOR } from './volume.ts';

export const NODES = 8;
/** A node takes two sectors, so that a torn write breaks it. */
export const NODE_BYTES = 2 * SECTOR;
export const JOURNAL_BYTES = 4 * SECTOR;
export const RING_BYTES = JOURNAL_BYTES + NODES * NODE_BYTES;

/** New links: node and its next one. */
export type Links = [node: number, next: number][];

export interface Transaction {
  sequence: number;
  links: Links;
}

export function nodeOffset(node: number): number {
  return JOURNAL_BYTES + node * NODE_BYTES;
}

export function encodeNode(next: number): Buffer {
  return seal(NODE_BYTES, [next]);
}

/** Null for a block that is not whole. */
export function decodeNode(block: Buffer): number | null {
  const [next] = open(block) ?? [];
  return next === undefined || next >= NODES ? null : next;
}

export function encodeJournal({ sequence, links }: Transaction): Buffer {
  return seal(JOURNAL_BYTES, [sequence, ...links.flat()]);
}

/** Null for a journal that is not whole. */
export function decodeJournal(block: Buffer): Transaction | null {
  const words = open(block);
  if (words === null) return null;
  const [sequence = 0, ...rest] = words;
  const links: Links = [];
  for (let at = 0; at + 1 < rest.length; at += 2) links.push([rest[at] ?? 0, rest[at + 1] ?? 0]);
  return { sequence, links };
}

/** a → b → c → d becomes a → c → b → d. */
export function swap(next: readonly number[], a: number): Links {
  const b = next[a] ?? 0;
  const c = next[b] ?? 0;
  const d = next[c] ?? 0;
  return [
    [a, c],
    [c, b],
    [b, d],
  ];
}

/** What is wrong with the ring, or null. */
export function judgeRing(next: readonly (number | null)[]): string | null {
  let node = 0;
  for (let step = 1; step <= NODES; step++) {
    const following = next[node];
    if (following === null || following === undefined) return `the node ${node} is torn`;
    node = following;
    if (node === 0)
      return step === NODES ? null : `the ring closes after ${step} of ${NODES} nodes`;
  }
  return 'the ring does not come back to its first node';
}

/** Words, their count and their checksum, repeated in each sector so that none may be missing. */
function seal(length: number, words: readonly number[]): Buffer {
  const block = Buffer.alloc(length);
  for (let at = 0; at < length; at += SECTOR) {
    block.writeUInt32LE(words.length, at);
    block.writeUInt32LE(checksum(words), at + 4);
    for (const [index, word] of words.entries()) block.writeUInt32LE(word, at + 8 + index * 4);
  }
  return block;
}

function open(block: Buffer): number[] | null {
  const first = block.subarray(0, SECTOR);
  const count = first.readUInt32LE(0);
  if (count === 0 || count > 16) return null;
  const words = Array.from({ length: count }, (_, index) => first.readUInt32LE(8 + index * 4));
  if (first.readUInt32LE(4) !== checksum(words)) return null;
  for (let at = SECTOR; at < block.length; at += SECTOR) {
    if (block.compare(first, 0, SECTOR, at, at + SECTOR) !== 0) return null;
  }
  return words;
}

function checksum(words: readonly number[]): number {
  return words.reduce((sum, word) => Math.imul(sum ^ word, 0x01000193) >>> 0, 0x811c9dc5);
}
