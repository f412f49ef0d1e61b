// Reads a file over HTTP from a server that nobody here vouches for: a bounded number of
// redirects, of bytes and of seconds of silence, and every failure in words that name the address.
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import { ONLINE_DEPOT_REDIRECTS_MAX, ONLINE_DEPOT_SILENCE_MS } from '../../model/limits.ts';

export interface Downloads {
  clock: Clock;
  /** Ends a download that is under way; its reason is thrown. */
  signal: AbortSignal;
}

export interface Download {
  /** Where the file was found after redirects. */
  url: string;
  chunks: AsyncIterable<Uint8Array>;
}

/** Faults: VibDownloadError, RequestTooLarge (while the chunks are read). */
export async function openDownload(
  downloads: Downloads,
  url: string,
  limitBytes: number,
): Promise<Download> {
  const silence = new Silence(downloads);
  try {
    const { response, place } = await follow(url, silence);
    const announced = Number(response.headers.get('content-length') ?? 0);
    if (announced > limitBytes) throw tooLarge(place, limitBytes);
    if (!response.body) throw broken(place, 'it answers without a body');
    return { url: place, chunks: readChunks({ response, place, silence, limitBytes }) };
  } catch (error) {
    silence.end();
    throw silence.causeOf(error, url);
  }
}

/** The whole of a small file. */
export async function readDownload(
  downloads: Downloads,
  url: string,
  limitBytes: number,
): Promise<{ url: string; bytes: Uint8Array }> {
  const download = await openDownload(downloads, url, limitBytes);
  const chunks: Uint8Array[] = [];
  for await (const chunk of download.chunks) chunks.push(chunk);
  return { url: download.url, bytes: Buffer.concat(chunks) };
}

async function follow(
  from: string,
  silence: Silence,
): Promise<{ response: Response; place: string }> {
  let place = from;
  for (let hops = 0; hops <= ONLINE_DEPOT_REDIRECTS_MAX; hops += 1) {
    silence.restart();
    const response = await fetch(place, {
      redirect: 'manual',
      // What is packed in transit could unpack to anything.
      headers: { 'Accept-Encoding': 'identity', 'User-Agent': 'Sluice' },
      signal: silence.signal,
    });
    if (response.status === 200) return { response, place };
    await response.body?.cancel();
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) {
      throw broken(place, `the server answers ${response.status} ${response.statusText}`.trim());
    }
    place = nextPlace(place, location);
  }
  throw broken(from, `it redirects more than ${ONLINE_DEPOT_REDIRECTS_MAX} times`);
}

function nextPlace(place: string, location: string): string {
  const shown = JSON.stringify(location.slice(0, 200));
  if (!URL.canParse(location, place)) throw broken(place, `it redirects to ${shown}`);
  const { protocol, href } = new URL(location, place);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && place.startsWith('http:'));
  if (!isSafe) throw broken(place, `it redirects to ${shown}, which is not followed`);
  return href;
}

async function* readChunks({
  response,
  place,
  silence,
  limitBytes,
}: {
  response: Response;
  place: string;
  silence: Silence;
  limitBytes: number;
}): AsyncGenerator<Uint8Array> {
  const announced = response.headers.get('content-length');
  let doneBytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      silence.restart();
      doneBytes += chunk.byteLength;
      if (doneBytes > limitBytes) throw tooLarge(place, limitBytes);
      yield chunk;
    }
    if (announced !== null && Number(announced) !== doneBytes) {
      throw broken(place, `it ended after ${doneBytes} of ${announced} bytes`);
    }
  } catch (error) {
    throw silence.causeOf(error, place);
  } finally {
    silence.end();
  }
}

/** Ends what hears nothing for too long, and what is no longer wanted. */
class Silence {
  readonly #downloads: Downloads;
  readonly #stop = new AbortController();
  #timer: { cancel(): void } | null = null;
  readonly #onAbort = (): void => this.#stop.abort(this.#downloads.signal.reason);

  constructor(downloads: Downloads) {
    this.#downloads = downloads;
    downloads.signal.throwIfAborted();
    downloads.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  restart(): void {
    this.#timer?.cancel();
    this.#timer = this.#downloads.clock.after(ONLINE_DEPOT_SILENCE_MS, () => this.#stop.abort());
  }

  end(): void {
    this.#timer?.cancel();
    this.#downloads.signal.removeEventListener('abort', this.#onAbort);
    // A body that was not read to its end holds its connection.
    this.#stop.abort();
  }

  /** What was thrown, in words; the reason of whoever stopped it as it is. */
  causeOf(error: unknown, url: string): unknown {
    const { signal } = this.#downloads;
    if (signal.aborted) return signal.reason;
    if (error instanceof Fault) return error;
    if (this.#stop.signal.aborted) {
      const seconds = ONLINE_DEPOT_SILENCE_MS / 1000;
      return broken(url, `the server has sent nothing for ${seconds} seconds`, error);
    }
    return broken(url, connectionTrouble(error), error);
  }
}

/** fetch hides what happened in the cause of its error. */
function connectionTrouble(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const words: Record<string, string> = {
    ECONNREFUSED: 'the server refuses the connection',
    ENOTFOUND: 'its name is unknown',
    EAI_AGAIN: 'its name cannot be looked up',
    ECONNRESET: 'the connection was cut off',
    UND_ERR_SOCKET: 'the connection was cut off',
    EHOSTUNREACH: 'the server cannot be reached',
    ENETUNREACH: 'the server cannot be reached',
    ETIMEDOUT: 'the server does not answer',
    UND_ERR_CONNECT_TIMEOUT: 'the server does not answer',
  };
  const known = words[code];
  if (known) return known;
  const text = cause instanceof Error ? cause.message : String(error);
  return (text || code || 'the connection failed').replace(/\.$/, '');
}

function broken(url: string, reason: string, cause?: unknown): Fault {
  return new Fault('VibDownloadError', `${url} cannot be downloaded: ${reason}.`, { cause });
}

function tooLarge(url: string, limitBytes: number): Fault {
  return new Fault('RequestTooLarge', `${url} is larger than ${limitBytes} bytes.`);
}
