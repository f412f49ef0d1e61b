// Failovers in words: their states, and what one leaves behind. Pure.
import type { Loss, RecoveryView } from '#lib/wire/api/replication.ts';
import { formatBytes } from '../format/quantities.ts';
import { formatDuration, formatMoment } from '../format/times.ts';
import type { Tone } from '../ui/badge.tsx';

const KINDS: Record<string, string> = {
  recover: 'Recovery',
  test: 'Test failover',
  failover: 'Failover',
  move: 'Planned move',
};

export function kindWord(kind: string): string {
  return KINDS[kind] ?? kind;
}

const STATES: Record<string, { label: string; tone: Tone }> = {
  stopping: { label: 'Source is being stopped', tone: 'info' },
  fencing: { label: 'Source is being locked out', tone: 'info' },
  recovering: { label: 'Being made', tone: 'info' },
  standing: { label: 'Stands in, to be decided', tone: 'warn' },
  undoing: { label: 'Being undone', tone: 'info' },
  undone: { label: 'Undone', tone: 'idle' },
  committing: { label: 'Being committed', tone: 'info' },
  committed: { label: 'Committed', tone: 'ok' },
  failing: { label: 'Being taken back', tone: 'warn' },
  failed: { label: 'Failed', tone: 'bad' },
};

/** Null for a recovery that is none of a failover. */
export function failoverWord({
  failover,
}: Pick<RecoveryView, 'failover'>): { label: string; tone: Tone } | null {
  return failover === null ? null : (STATES[failover] ?? { label: failover, tone: 'idle' });
}

/** Sentences, one for each thing that is known. */
export function lossSentences(loss: Loss): string[] {
  const { isNone, lagBytes, lagMilliseconds, lagMeasuredAt } = loss;
  if (isNone) return ['Nothing: its target had everything when it was powered off.'];
  const { journalBytes, journalMilliseconds } = loss;
  const sentences: string[] = [];
  if (journalBytes > 0 || journalMilliseconds > 0) {
    const span = formatDuration(journalMilliseconds);
    const bytes = formatBytes(journalBytes);
    sentences.push(`What was changed in the ${span} after the moment: ${bytes}.`);
  }
  if (lagBytes === null || lagMilliseconds === null || lagMeasuredAt === null) {
    sentences.push('How far the source was ahead of its target was never measured.');
    return sentences;
  }
  const when = formatMoment(lagMeasuredAt);
  const ahead =
    lagBytes === 0
      ? `When it was measured last, ${when}, the target had everything.`
      : `When it was measured last, ${when}, the source was ahead by ` +
        `${formatBytes(lagBytes)} (${formatDuration(lagMilliseconds)}).`;
  return [...sentences, `${ahead} What it wrote later and did not send is not known.`];
}

/** In one line, for a table. */
export function lossText(loss: Loss | null): string {
  if (loss === null) return '';
  if (loss.isNone) return 'None';
  return lossSentences(loss).join(' ');
}
