// Capacity, used and provisioned of a datastore, as bars on one scale, with numbers.
// Props: `datastore`.
import type { DatastoreSummary } from '#lib/wire/api/datastores.ts';
import { formatBytes, formatShare } from '../format/quantities.ts';
import { ProgressBar } from '../ui/progress-bar.tsx';

const NEARLY_FULL = 0.9;

export function SpaceBars({ datastore }: { datastore: DatastoreSummary }) {
  const { name, capacityBytes, freeBytes, provisionedBytes, usedByDisksBytes } = datastore;
  const used = capacityBytes - freeBytes;
  const capacity = formatBytes(capacityBytes);
  const share = (bytes: number) => (capacityBytes === 0 ? 0 : bytes / capacityBytes);
  const overcommit = share(provisionedBytes);
  return (
    <div className="space-y-3">
      <Bar
        title="Used"
        text={`${formatBytes(used)} of ${capacity}, ${formatBytes(freeBytes)} free`}
        label={`Use of ${name}`}
        share={share(used)}
        tone={share(used) > NEARLY_FULL ? 'warn' : 'accent'}
      />
      <Bar
        title="By virtual disks"
        text={formatBytes(usedByDisksBytes)}
        label={`Space of virtual disks on ${name}`}
        share={share(usedByDisksBytes)}
        tone="accent"
      />
      <Bar
        title="Provisioned"
        text={`${formatBytes(provisionedBytes)}, ${formatShare(overcommit)} of the capacity`}
        label={`Provisioned on ${name}`}
        share={overcommit}
        tone={overcommit > 1 ? 'warn' : 'ok'}
      />
      {overcommit > 1 && (
        <p className="text-sm text-muted">
          Thin disks may ask for more than there is. A virtual machine that finds no space is paused
          and goes on when there is some; nothing is lost.
        </p>
      )}
    </div>
  );
}

interface BarProps {
  title: string;
  text: string;
  label: string;
  share: number;
  tone: 'accent' | 'ok' | 'warn';
}

function Bar({ title, text, label, share, tone }: BarProps) {
  return (
    <div>
      <p className="mb-1 flex flex-wrap justify-between gap-x-4">
        <span>{title}</span>
        <span className="text-muted">{text}</span>
      </p>
      <ProgressBar value={share * 100} label={label} tone={tone} />
    </div>
  );
}
