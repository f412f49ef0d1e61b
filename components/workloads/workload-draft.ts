// A workload while someone describes it: the numbers as typed, what is wrong with them, and the
// workload they make.
import type { Workload } from '#lib/model/workload.ts';
import {
  GENERATOR_LIMITS,
  type NumberLimits,
  TRACE_PLAYER_LIMITS,
} from '#lib/model/workload-limits.ts';
import { formatCount } from '../format/quantities.ts';

export interface WorkloadDraft {
  kind: Workload['kind'];
  pattern: 'randread' | 'randwrite' | 'randrw' | 'read' | 'write';
  readPercent: string;
  blockBytes: string;
  queueDepth: string;
  rateIops: string;
  durationSeconds: string;
  traceId: string;
  speed: string;
}

export const NEW_WORKLOAD: WorkloadDraft = {
  kind: 'generator',
  pattern: 'randrw',
  readPercent: '70',
  blockBytes: '4096',
  queueDepth: '8',
  rateIops: '0',
  durationSeconds: '60',
  traceId: '',
  speed: '1',
};

export const PATTERN_LABELS: Record<WorkloadDraft['pattern'], string> = {
  randrw: 'Random, mixed',
  randread: 'Random reads',
  randwrite: 'Random writes',
  read: 'Sequential reads',
  write: 'Sequential writes',
};

/** Whether the draft would overwrite what is on the disk. */
export function overwritesDisk({ kind, pattern }: WorkloadDraft): boolean {
  return kind === 'trace' || !(pattern === 'randread' || pattern === 'read');
}

/** The workload, or what is wrong with each field that is. */
export function workloadOf(
  draft: WorkloadDraft,
): { workload: Workload; problems: null } | { workload: null; problems: Record<string, string> } {
  const { kind, pattern, traceId } = draft;
  const shared = {
    queueDepth: numberOf(draft.queueDepth),
    durationSeconds: numberOf(draft.durationSeconds),
  };
  if (kind === 'trace') {
    const numbers = { ...shared, speed: numberOf(draft.speed) };
    const problems = problemsOf(numbers, TRACE_PLAYER_LIMITS);
    if (traceId === '') problems.traceId = 'Choose a trace.';
    return resultOf({ kind, traceId, ...numbers }, problems);
  }
  const numbers = {
    ...shared,
    readPercent: numberOf(draft.readPercent),
    blockBytes: numberOf(draft.blockBytes),
    rateIops: numberOf(draft.rateIops),
  };
  return resultOf({ kind, pattern, ...numbers }, problemsOf(numbers, GENERATOR_LIMITS));
}

function resultOf(workload: Workload, problems: Record<string, string>) {
  return Object.keys(problems).length === 0
    ? { workload, problems: null }
    : { workload: null, problems };
}

function problemsOf(
  numbers: Readonly<Record<string, number>>,
  limits: Readonly<Record<string, NumberLimits>>,
): Record<string, string> {
  const problems: Record<string, string> = {};
  for (const [field, { min, max }] of Object.entries(limits)) {
    const value = numbers[field] ?? Number.NaN;
    const range = `from ${formatCount(min)} to ${formatCount(max)}`;
    if (!(value >= min && value <= max)) problems[field] = `Enter a number ${range}.`;
    // Only the speed of a trace may be a fraction.
    else if (field !== 'speed' && !Number.isInteger(value))
      problems[field] = `Enter a whole number ${range}.`;
  }
  return problems;
}

function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}
