// How large a virtual flash resource is: a file in its folder, so that worlds that run see a change
// when they want room next.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errnoOf } from '../datastore/errno.ts';

const capacitySchema = z.object({ capacityBytes: z.number().int().min(0) });

export function capacityPathOf(directory: string): string {
  return join(directory, 'resource.json');
}

/** In bytes, 0 for none; null when nobody has said. Throws when it cannot be read. */
export function capacityOf(directory: string): number | null {
  try {
    const text = readFileSync(capacityPathOf(directory), 'utf8');
    return capacitySchema.parse(JSON.parse(text)).capacityBytes;
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return null;
    throw thrown;
  }
}
