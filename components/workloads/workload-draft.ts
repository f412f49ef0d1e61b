// A workload while someone describes it: the numbers as typed, what is wrong with them, and the
// workload they make.
import { generatorSchema, tracePlayerSchema, type Workload } from '#lib/model/workload.ts';

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
  const common = {
    queueDepth: numberOf(draft.queueDepth),
    durationSeconds: numberOf(draft.durationSeconds),
  };
  const parsed =
    draft.kind === 'generator'
      ? generatorSchema.safeParse({
          ...common,
          kind: 'generator',
          pattern: draft.pattern,
          readPercent: numberOf(draft.readPercent),
          blockBytes: numberOf(draft.blockBytes),
          rateIops: numberOf(draft.rateIops),
        })
      : tracePlayerSchema.safeParse({
          ...common,
          kind: 'trace',
          traceId: draft.traceId,
          speed: numberOf(draft.speed),
        });
  const problems: Record<string, string> = {};
  for (const { path, message } of parsed.error?.issues ?? []) problems[String(path[0])] = message;
  if (draft.kind === 'trace' && draft.traceId === '') problems.traceId = 'Choose a trace.';
  return parsed.success && Object.keys(problems).length === 0
    ? { workload: parsed.data, problems: null }
    : { workload: null, problems };
}

function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}
