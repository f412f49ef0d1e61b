// One rule of the error filter, read from the properties that carry its number.
import type { Answer, DiskOperation, PropertyValues } from '#lib/filter-sdk/filter.ts';

const KIB = 1024;
/** Errors as a hook returns them: -EIO, -ENOSPC and -ESHUTDOWN. */
const IO_ERROR = -5;
const NO_SPACE = -28;
const GONE = -108;

export interface ErrorRule {
  /** Null when the rule is off. */
  readonly operation: DiskOperation | 'any' | null;
  /** First byte, and the first behind the range. */
  readonly start: number;
  readonly end: number;
  /** 0 to 1. */
  readonly share: number;
  readonly answer: Answer;
  /** The storage does the I/O before it fails. */
  readonly after: boolean;
  /** Failures that are left; null without a limit. */
  left: number | null;
}

export function readRule(properties: PropertyValues, number: 1 | 2): ErrorRule {
  const value = (name: string) => properties[`${name}${number}`];
  const start = numberOf(value('startKib')) * KIB;
  const length = numberOf(value('lengthKib')) * KIB;
  return {
    operation: operationOf(value('operation')),
    start,
    end: length === 0 ? Number.POSITIVE_INFINITY : start + length,
    share: numberOf(value('percent')) / 100,
    answer: answerOf(value('error')),
    after: value('when') === 'after',
    left: numberOf(value('count')) || null,
  };
}

function operationOf(name: PropertyValues[string] | undefined): ErrorRule['operation'] {
  switch (name) {
    case 'any':
    case 'read':
    case 'write':
    case 'flush':
    case 'trim':
    case 'writeZeroes':
    case 'prefetch':
      return name;
    default:
      return null;
  }
}

function answerOf(name: PropertyValues[string] | undefined): Answer {
  if (name === 'ENOSPC') return NO_SPACE;
  return name === 'ESHUTDOWN' ? GONE : IO_ERROR;
}

function numberOf(value: PropertyValues[string] | undefined): number {
  return typeof value === 'number' && value > 0 ? value : 0;
}
