// Downloads a VIB to a file: at most so many bytes, within a time, and only if it is what was
// announced.
import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { Clock } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import { VIB_BYTES_MAX } from '#lib/model/limits.ts';

export interface DownloadRequest {
  url: string;
  /** SHA-256 of the VIB, hex. */
  sha256: string;
  /** Where the file goes; it must not exist. On failure nothing is left there. */
  path: string;
  clock: Clock;
  /** For the whole download. */
  timeoutMs: number;
  maxBytes?: number;
  /** Percent, when the server says how long the file is. */
  onProgress?(percent: number): void;
}

/** Throws VibDownloadError with what went wrong. */
export async function downloadVib(request: DownloadRequest): Promise<void> {
  const { url, path, clock, timeoutMs } = request;
  const abort = new AbortController();
  const timer = clock.after(timeoutMs, () =>
    abort.abort(failed(url, `it did not end within ${timeoutMs / 1000} s`)),
  );
  const file = await open(path, 'wx', 0o600);
  try {
    await receive(request, file, abort.signal);
  } catch (cause) {
    await rm(path, { force: true });
    throw cause instanceof Fault ? cause : failed(url, reasonOf(cause), cause);
  } finally {
    timer.cancel();
    await file.close();
  }
}

async function receive(
  { url, sha256, maxBytes = VIB_BYTES_MAX, onProgress }: DownloadRequest,
  file: FileHandle,
  signal: AbortSignal,
): Promise<void> {
  if (!/^https?:\/\//.test(url)) throw failed(url, 'only http and https are supported');
  const response = await fetch(url, { signal });
  if (!response.ok) throw failed(url, `the server answered ${response.status}`);
  const announced = Number(response.headers.get('content-length') ?? 0);
  if (announced > maxBytes) throw failed(url, `it is larger than ${maxBytes} bytes`);
  const hash = createHash('sha256');
  let received = 0;
  for await (const chunk of response.body ?? []) {
    received += chunk.length;
    if (received > maxBytes) throw failed(url, `it is larger than ${maxBytes} bytes`);
    hash.update(chunk);
    await file.writeFile(chunk);
    if (announced > 0) onProgress?.(Math.min(100, Math.floor((100 * received) / announced)));
  }
  const found = hash.digest('hex');
  if (found !== sha256.toLowerCase()) {
    throw failed(url, `what arrived is not the VIB that was announced (SHA-256 ${found})`);
  }
}

/** fetch hides the reason, such as ECONNREFUSED, in the cause. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { cause } = thrown;
  if (cause instanceof Error) return cause.message || ('code' in cause ? String(cause.code) : '');
  return thrown.message;
}

function failed(url: string, reason: string, cause?: unknown): Fault {
  return new Fault('VibDownloadError', `The VIB could not be downloaded from ${url}: ${reason}.`, {
    cause,
  });
}
