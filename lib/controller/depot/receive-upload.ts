// Takes in an upload: onto the disk as it comes, within a limit, synced, with its checksum. What is
// refused, or cut off half way, leaves nothing behind.
import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Random, randomHex } from '../../base/random.ts';
import { Fault } from '../../model/fault.ts';
import type { Depot } from './depot.ts';

export interface ReceivedFile {
  path: string;
  sizeBytes: number;
  /** Hex. */
  sha256: string;
}

export interface UploadOptions {
  depot: Depot;
  random: Random;
  bytes: AsyncIterable<Uint8Array>;
  limitBytes: number;
}

/**
 * Writes the upload to a file, gives it to `work`, and removes it afterwards if it is still there.
 */
export async function withUpload<T>(
  options: UploadOptions,
  work: (file: ReceivedFile) => Promise<T>,
): Promise<T> {
  const file = path.join(options.depot.folder, 'incoming', randomHex(options.random, 16));
  try {
    return await work(await receive(file, options));
  } finally {
    await rm(file, { force: true });
  }
}

async function receive(file: string, { bytes, limitBytes }: UploadOptions): Promise<ReceivedFile> {
  const hash = createHash('sha256');
  const handle = await open(file, 'wx', 0o600);
  let sizeBytes = 0;
  try {
    for await (const chunk of bytes) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > limitBytes) {
        throw new Fault('RequestTooLarge', `The file is larger than ${limitBytes} bytes.`);
      }
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    await handle.sync();
  } catch (error) {
    throw refusalOf(error);
  } finally {
    await handle.close();
  }
  return { path: file, sizeBytes, sha256: hash.digest('hex') };
}

/** What a depot that cannot take more says of it; any other error as it is. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return new Fault('NoDiskSpace', 'The depot is full.', { cause: error });
  }
  if (error.code === 'ECONNRESET' || error.code === 'ABORT_ERR') {
    return new Fault('InvalidArgument', 'The upload was cut off.', { cause: error });
  }
  return error;
}
