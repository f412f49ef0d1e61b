// Fetches a disk image by a link into a file: as many bytes as were announced, with the checksum
// that was announced, blocks of zeroes left out of the file. A server that falls silent is given
// up.
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Clock } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import type { ImageSource } from '#lib/wire/agent/import-rpc.ts';

const SILENCE_MS = 60_000;
/** Zeroes are left out in steps of this size. */
const BLOCK_BYTES = 64 * 1024;
const ZEROES = Buffer.alloc(BLOCK_BYTES);

export interface FetchRequest {
  source: Pick<ImageSource, 'url' | 'sizeBytes' | 'sha256'>;
  /** Of a file that is made, or of one that is there and reads as zeroes. */
  path: string;
  clock: Clock;
  signal: AbortSignal;
  onProgress(doneBytes: number): void;
}

/**
 * The bytes are durable then. Throws `FileFault` with the reason, `RequestCanceled` when
 * the signal aborts, and what the system says when the file cannot be written.
 */
export async function fetchImage(request: FetchRequest): Promise<void> {
  const { source, path, clock, signal } = request;
  const silence = new AbortController();
  let timer = clock.after(SILENCE_MS, () => silence.abort());
  const heard = () => {
    timer.cancel();
    timer = clock.after(SILENCE_MS, () => silence.abort());
  };
  const file = await open(path, 'a').then(async (made) => {
    await made.close();
    return open(path, 'r+');
  });
  try {
    await receive(request, { file, heard, signal: AbortSignal.any([signal, silence.signal]) });
    await file.sync();
  } catch (cause) {
    if (signal.aborted) throw new Fault('RequestCanceled', 'The import was cancelled.', { cause });
    if (cause instanceof Fault || isSystemError(cause)) throw cause;
    const reason = silence.signal.aborted ? 'the server fell silent' : reasonOf(cause);
    throw failed(source.url, reason, cause);
  } finally {
    timer.cancel();
    await file.close();
  }
}

interface Receiver {
  file: FileHandle;
  heard: () => void;
  signal: AbortSignal;
}

async function receive(
  { source, onProgress }: FetchRequest,
  { file, heard, signal }: Receiver,
): Promise<void> {
  const { url, sizeBytes, sha256 } = source;
  if (!/^https?:\/\//.test(url)) throw failed(url, 'only http and https are supported');
  const response = await fetch(url, { signal });
  if (!response.ok) throw failed(url, `the server answered ${response.status}`);
  const hash = createHash('sha256');
  let received = 0;
  for await (const chunk of response.body ?? []) {
    heard();
    if (received + chunk.length > sizeBytes) throw failed(url, 'more came than was announced');
    hash.update(chunk);
    await writeSparsely(file, received, chunk);
    received += chunk.length;
    onProgress(received);
  }
  if (received !== sizeBytes) throw failed(url, `it ended after ${received} of ${sizeBytes} bytes`);
  if (hash.digest('hex') !== sha256) throw failed(url, 'what arrived is not what was announced');
  const { size } = await file.stat();
  if (size < sizeBytes) await file.truncate(sizeBytes);
}

async function writeSparsely(file: FileHandle, position: number, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; at += BLOCK_BYTES) {
    const part = chunk.subarray(at, at + BLOCK_BYTES);
    if (ZEROES.compare(part, 0, part.length, 0, part.length) === 0) continue;
    await writeAll(file, part, position + at);
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let put = 0; put < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, put, bytes.length - put, position + put);
    put += bytesWritten;
  }
}

/** Of the file; one of the connection hides in the cause of what `fetch` throws. */
function isSystemError(thrown: unknown): boolean {
  return thrown instanceof Error && 'syscall' in thrown && thrown.syscall === 'write';
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { cause } = thrown;
  if (cause instanceof Error) return cause.message || ('code' in cause ? String(cause.code) : '');
  return thrown.message;
}

/** The link itself holds a token, and so is not told. */
function failed(url: string, reason: string, cause?: unknown): Fault {
  const { host } = new URL(url);
  const message = `The disk image could not be fetched from ${host}: ${reason}.`;
  return new Fault('FileFault', message, { cause });
}
