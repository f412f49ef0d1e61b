'use client';
// The disks of a VM that are replicated, with how far behind their copies are. Props: `disks`.
import type { ReplicatedDisk } from '#lib/wire/api/replication.ts';
import { formatBytes, formatLatency } from '../format/quantities.ts';
import { formatDuration } from '../format/times.ts';
import { Badge } from '../ui/badge.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { type Property, PropertyList } from '../ui/property-list.tsx';
import { stateWord, syncPercent, violatesRpo } from './replication-words.ts';

export function ReplicatedDisks({ disks }: { disks: readonly ReplicatedDisk[] }) {
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      {disks.map((disk) => (
        <Disk key={disk.diskKey} disk={disk} />
      ))}
    </div>
  );
}

function Disk({ disk }: { disk: ReplicatedDisk }) {
  const word = stateWord(disk);
  const percent = syncPercent(disk);
  const { label, damage, targetTrouble } = disk;
  return (
    <article aria-label={label} className="rounded-lg border border-line bg-surface px-4 py-3">
      <div className="mb-2 flex flex-wrap items-center gap-2">
        <h3 className="font-semibold">{label}</h3>
        <Badge tone={word.tone}>{word.label}</Badge>
        {violatesRpo(disk) && <Badge tone="bad">RPO violated</Badge>}
      </div>
      {percent !== null && (
        <div className="mb-2">
          <ProgressBar value={percent} label={`${word.label} of ${label}`} />
        </div>
      )}
      <PropertyList items={propertiesOf(disk)} />
      {targetTrouble !== '' && <p className="mt-2 text-bad">{targetTrouble}</p>}
      {damage !== '' && <p className="mt-2 text-bad">{damage}</p>}
    </article>
  );
}

function propertiesOf(disk: ReplicatedDisk): Property[] {
  const { lagBytes, lagMilliseconds, rpoSeconds, remainingBytes, mode } = disk;
  const wanted = rpoSeconds > 0 ? `Wanted: ${formatDuration(rpoSeconds * 1000)}` : undefined;
  return [
    { label: 'Target', value: disk.targetName || 'None' },
    { label: 'Mode', value: mode === 'synchronous' ? 'Synchronous' : 'Asynchronous' },
    {
      label: 'Behind',
      value: lagBytes === null ? 'Not measured' : formatBytes(lagBytes),
      ...(remainingBytes ? { help: `${formatBytes(remainingBytes)} still to be sent` } : {}),
    },
    {
      label: 'Recovery point',
      value: lagMilliseconds === null ? 'Not measured' : lagWords(lagMilliseconds),
      ...(wanted === undefined ? {} : { help: wanted }),
    },
    { label: 'Journal', value: windowWords(disk) },
  ];
}

function lagWords(milliseconds: number): string {
  if (milliseconds === 0) return 'Now: the copy has everything';
  if (milliseconds < 1000) return formatLatency(milliseconds * 1000);
  return formatDuration(milliseconds);
}

function windowWords({ windowFrom, windowTo, journalBytes }: ReplicatedDisk): string {
  if (windowFrom === null || windowTo === null) return 'No moment yet';
  const span = Date.parse(windowTo) - Date.parse(windowFrom);
  return `${formatDuration(Math.max(span, 1000))} in ${formatBytes(journalBytes)}`;
}
