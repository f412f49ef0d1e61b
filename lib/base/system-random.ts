// The operating system's randomness. Imported by entry points and tests alone.
import { randomBytes } from 'node:crypto';
import type { Random } from './random.ts';

export const systemRandom: Random = { bytes: (length) => randomBytes(length) };
