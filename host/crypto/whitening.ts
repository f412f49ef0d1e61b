// The two XORs of XTS, before and behind the block cipher, in WebAssembly with vectors of 128 bits:
// each block of a sector with its tweak, which is that of the block before, doubled in GF(2¹²⁸).
// Sectors go four at a time, since one doubling waits for the one before.
import { assert } from '#lib/base/assert.ts';
import { I32, V128, type WasmFunction, wasm, wasmModule } from '#lib/base/wasm-code.ts';
import { KIB, SECTOR_BYTES } from '#lib/model/limits.ts';

const BLOCK_BYTES = 16;
/** Sectors of one turn of the loop. */
const LANES = 4;

/** What goes through at once: as much as stays in the processor's cache with its tweaks. */
export const PIECE_BYTES = 64 * KIB;
const PAGE_BYTES = 64 * KIB;

export interface Whitening {
  /** Of the sectors, 16 bytes each: their numbers under AES. Room for a piece. */
  readonly tweaks: Uint8Array;
  /** A piece. What lies behind the sectors that are meant may change as well. */
  readonly data: Uint8Array;
  /** Changes so many sectors of `data` in place. */
  run(sectors: number): void;
}

/** Memory of its own, shared by all who call it. */
export function makeWhitening(): Whitening {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(wasmModule(2, whiten())));
  const { memory, run } = instance.exports;
  assert(memory instanceof WebAssembly.Memory, 'the module has a memory');
  assert(typeof run === 'function', 'the module has a function');
  const tweakBytes = (PIECE_BYTES / SECTOR_BYTES) * BLOCK_BYTES;
  return {
    tweaks: new Uint8Array(memory.buffer, 0, tweakBytes),
    data: new Uint8Array(memory.buffer, PAGE_BYTES, PIECE_BYTES),
    run: (sectors) => run(sectors * BLOCK_BYTES, 0),
  };
}

/** Takes where the tweaks end. */
function whiten(): WasmFunction {
  const [end, tweak, data, blockEnd, first] = [0, 1, 2, 3, 4];
  const lanes = Array.from({ length: LANES }, (_, lane) => lane);
  const load = lanes.flatMap((lane) => [
    ...[...wasm.localGet(tweak), ...wasm.v128Load(lane * BLOCK_BYTES)],
    ...wasm.localSet(first + lane),
  ]);
  const block = lanes.flatMap((lane) => [
    ...xorAt(data, lane * SECTOR_BYTES + PAGE_BYTES, first + lane),
    ...double(first + lane),
  ]);
  const fourSectors = [
    ...load,
    ...[...add(data, SECTOR_BYTES), ...wasm.localSet(blockEnd)],
    ...wasm.loop([
      ...block,
      ...[...add(data, BLOCK_BYTES), ...wasm.localTee(data)],
      ...[...wasm.localGet(blockEnd), ...wasm.i32LtS, ...wasm.brIf(0)],
    ]),
    ...[...add(data, (LANES - 1) * SECTOR_BYTES), ...wasm.localSet(data)],
    ...[...add(tweak, LANES * BLOCK_BYTES), ...wasm.localTee(tweak)],
    ...[...wasm.localGet(end), ...wasm.i32LtS, ...wasm.brIf(0)],
  ];
  return {
    parameters: 2,
    locals: [I32, I32, ...lanes.map(() => V128)],
    body: wasm.loop(fourSectors),
  };
}

function add(local: number, value: number): readonly number[] {
  return [...wasm.localGet(local), ...wasm.i32Const(value), ...wasm.i32Add];
}

function xorAt(pointer: number, offset: number, tweak: number): readonly number[] {
  return [
    ...[...wasm.localGet(pointer), ...wasm.localGet(pointer), ...wasm.v128Load(offset)],
    ...[...wasm.localGet(tweak), ...wasm.v128Xor, ...wasm.v128Store(offset)],
  ];
}

/** Halves shifted by a bit; what falls out goes into the other half, or comes in as 0x87. */
function double(tweak: number): readonly number[] {
  return [
    ...[...wasm.localGet(tweak), ...wasm.localGet(tweak), ...wasm.i64x2Add],
    ...[...wasm.localGet(tweak), ...wasm.localGet(tweak), ...wasm.shuffleLanes([3, 0, 1, 0])],
    ...[...wasm.i32Const(31), ...wasm.i32x4ShrS],
    ...[...wasm.v128Const([0x87, 0, 1, 0]), ...wasm.v128And],
    ...[...wasm.v128Xor, ...wasm.localSet(tweak)],
  ];
}
