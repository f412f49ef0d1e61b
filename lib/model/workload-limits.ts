// What the numbers of a workload may be: for its schema, and for the form, which has no parser.
import { MIB } from './limits.ts';

export interface NumberLimits {
  min: number;
  max: number;
}

export const GENERATOR_LIMITS = {
  readPercent: { min: 0, max: 100 },
  blockBytes: { min: 512, max: 4 * MIB },
  queueDepth: { min: 1, max: 128 },
  rateIops: { min: 0, max: 1_000_000 },
  durationSeconds: { min: 1, max: 3600 },
} as const satisfies Record<string, NumberLimits>;

export const TRACE_PLAYER_LIMITS = {
  speed: { min: 0, max: 1000 },
  queueDepth: { min: 1, max: 128 },
  durationSeconds: { min: 1, max: 7200 },
} as const satisfies Record<string, NumberLimits>;
