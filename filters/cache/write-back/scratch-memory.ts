// Where records of the log are put together and looked at. It is the memory of a small WebAssembly
// module that does the lanes of XXH32 three times as quickly as JavaScript.
import { assert } from '#lib/base/assert.ts';
import { I32, type WasmFunction, wasm, wasmModule } from '#lib/base/wasm-code.ts';
import { finish, firstLanes, LANES, type Lanes, PRIME_1, PRIME_2 } from './xxh32.ts';

const PAGE_BYTES = 64 * 1024;
const WORD_BYTES = 4;
/** In front of the bytes: the lanes, and what keeps the bytes apart from them. */
const LANE_BYTES = LANES * WORD_BYTES;
const START = 64;

export interface ScratchMemory {
  /** All of it; whoever uses it must be done when it returns. */
  readonly bytes: Uint8Array;
  /** XXH32 of a part of `bytes`; both are multiples of four. */
  checksum(from: number, length: number): number;
}

/** Of so many bytes. Takes a page of the system for each that is touched. */
export function makeScratch(bytes: number): ScratchMemory {
  const code = wasmModule(Math.ceil((START + bytes) / PAGE_BYTES), takeLanes());
  const { memory, run } = new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
  assert(memory instanceof WebAssembly.Memory, 'the module has a memory');
  assert(typeof run === 'function', 'the module has a function');
  const words = new Int32Array(memory.buffer);
  return {
    bytes: new Uint8Array(memory.buffer, START, bytes),
    checksum: (from, length) => {
      const at = START + from;
      const data = words.subarray(at / WORD_BYTES, (at + length) / WORD_BYTES);
      if (length < LANE_BYTES) return finish(null, data);
      words.set(firstLanes());
      run(at, at + length - (length % LANE_BYTES));
      const [a = 0, b = 0, c = 0, d = 0] = words;
      const lanes: Lanes = [a, b, c, d];
      return finish(lanes, data);
    },
  };
}

/** Takes where the words begin and end, which is not where they begin. */
function takeLanes(): WasmFunction {
  const [at, end, first, zero] = [0, 1, 2, 2 + LANES];
  const lanes = Array.from({ length: LANES }, (_, lane) => lane);
  const load = lanes.flatMap((lane) => [
    ...[...wasm.localGet(zero), ...wasm.i32Load(lane * WORD_BYTES)],
    ...wasm.localSet(first + lane),
  ]);
  const store = lanes.flatMap((lane) => [
    ...[...wasm.localGet(zero), ...wasm.localGet(first + lane)],
    ...wasm.i32Store(lane * WORD_BYTES),
  ]);
  const round = lanes.flatMap((lane) => [
    ...[...wasm.localGet(first + lane), ...wasm.localGet(at), ...wasm.i32Load(lane * WORD_BYTES)],
    ...[...wasm.i32Const(PRIME_2 | 0), ...wasm.i32Mul, ...wasm.i32Add],
    ...[...wasm.i32Const(13), ...wasm.i32Rotl, ...wasm.i32Const(PRIME_1 | 0), ...wasm.i32Mul],
    ...wasm.localSet(first + lane),
  ]);
  const next = [...wasm.localGet(at), ...wasm.i32Const(LANE_BYTES), ...wasm.i32Add];
  const again = [...wasm.localTee(at), ...wasm.localGet(end), ...wasm.i32LtS, ...wasm.brIf(0)];
  return {
    parameters: 2,
    locals: Array.from({ length: LANES + 1 }, () => I32),
    body: [...load, ...wasm.loop([...round, ...next, ...again]), ...store],
  };
}
