// WebAssembly, as far as inner loops here need it: the instructions by the names that the
// specification gives them, and a module of one memory and one function put together from them.

type Code = readonly number[];

/** As in the specification's index of instructions. */
export const wasm = {
  block: (body: Code): Code => [0x02, VOID, ...body, END],
  loop: (body: Code): Code => [0x03, VOID, ...body, END],
  /** To the loop's start, or a block's end, so many levels out. */
  br: (depth: number): Code => [0x0c, ...unsigned(depth)],
  brIf: (depth: number): Code => [0x0d, ...unsigned(depth)],
  localGet: (index: number): Code => [0x20, ...unsigned(index)],
  localSet: (index: number): Code => [0x21, ...unsigned(index)],
  localTee: (index: number): Code => [0x22, ...unsigned(index)],
  i32Const: (value: number): Code => [0x41, ...signed(value)],
  i32GeS: [0x4e] as Code,
  i32LtS: [0x48] as Code,
  i32Add: [0x6a] as Code,
  i32Mul: [0x6c] as Code,
  i32Rotl: [0x77] as Code,
  i32Load: (offset: number): Code => [0x28, ALIGNED_4, ...unsigned(offset)],
  i32Store: (offset: number): Code => [0x36, ALIGNED_4, ...unsigned(offset)],
  v128Load: (offset: number): Code => simd(0x00, [ALIGNED_16, ...unsigned(offset)]),
  v128Store: (offset: number): Code => simd(0x0b, [ALIGNED_16, ...unsigned(offset)]),
  /** Four lanes of 32 bits. */
  v128Const: (lanes: Code): Code =>
    simd(
      0x0c,
      lanes.flatMap((lane) =>
        [lane, lane >>> 8, lane >>> 16, lane >>> 24].map((byte) => byte & 255),
      ),
    ),
  /** Which of four lanes of 32 bits goes where, of one vector given twice. */
  shuffleLanes: (lanes: Code): Code =>
    simd(
      0x0d,
      lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
    ),
  v128And: simd(0x4e),
  v128Xor: simd(0x51),
  i32x4ShrS: simd(0xac),
  i64x2Add: simd(0xce),
};

/** Types of locals. */
export const I32 = 0x7f;
export const V128 = 0x7b;

export interface WasmFunction {
  /** How many parameters it has, all of 32 bits. */
  parameters: number;
  /** Types of the locals behind them. */
  locals: readonly number[];
  body: Code;
}

/** Exports `memory`, of so many pages of 64 KiB, and the function as `run`. */
export function wasmModule(
  pages: number,
  { parameters, locals, body }: WasmFunction,
): Uint8Array<ArrayBuffer> {
  const type = [0x60, ...vector(Array.from({ length: parameters }, () => [I32])), 0];
  const declared = vector(locals.map((each) => [1, each]));
  const code = [...declared, ...body, END];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([type])),
    ...section(3, vector([[0]])),
    // As much at most as at the start: the memory never moves.
    ...section(5, vector([[1, ...unsigned(pages), ...unsigned(pages)]])),
    ...section(7, vector([exported('memory', 2), exported('run', 0)])),
    ...section(10, vector([[...unsigned(code.length), ...code]])),
  ]);
}

const VOID = 0x40;
const END = 0x0b;
const ALIGNED_4 = 2;
const ALIGNED_16 = 4;

function simd(operation: number, immediate: Code = []): Code {
  return [0xfd, ...unsigned(operation), ...immediate];
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

/** Of kind 0, a function, or 2, a memory; the first of them. */
function exported(name: string, kind: number): Code {
  return [...vector([...name].map((letter) => [letter.charCodeAt(0)])), kind, 0];
}

/** LEB128. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function signed(value: number): Code {
  if (value >= -64 && value < 64) return [value & 127];
  return [(value & 127) | 128, ...signed(value >> 7)];
}
