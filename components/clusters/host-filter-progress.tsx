// One host's part of installing or removing a filter: the step it is at, how far, and what went
// wrong.
// Props: `filter`, `hosts` of its cluster, `resolving` (the host that is mended right now),
// `onResolve` for a host that failed.

import type { ClusterFilterView, HostSummary } from '#lib/wire/api/inventory.ts';
import { formatNoun } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Age } from '../ui/age.tsx';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { classNames } from '../ui/class-names.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { ReasonList } from '../ui/reason-list.tsx';

type HostPart = ClusterFilterView['hosts'][number];

export interface HostFilterProgressProps {
  filter: ClusterFilterView;
  /** Of the cluster, for whether they respond. */
  hosts: readonly HostSummary[];
  resolving: string | null;
  onResolve: (hostId: string) => void;
}

const STEPS: Record<HostPart['state'], { label: string; tone: Tone; busy: boolean }> = {
  pending: { label: 'Waiting', tone: 'idle', busy: true },
  downloading: { label: 'Downloading', tone: 'info', busy: true },
  verifying: { label: 'Verifying signature and checksums', tone: 'info', busy: true },
  unpacking: { label: 'Unpacking into the image', tone: 'info', busy: true },
  installed: { label: 'Installed', tone: 'ok', busy: false },
  removing: { label: 'Removing', tone: 'info', busy: true },
  failed: { label: 'Failed', tone: 'bad', busy: false },
};

/** “Installed on 3 of 3 hosts”, or what is under way. */
export function installationSummary({ hosts, opType }: ClusterFilterView): {
  label: string;
  tone: Tone;
} {
  const failed = hosts.filter(({ state }) => state === 'failed').length;
  const installed = hosts.filter(({ state }) => state === 'installed').length;
  if (failed > 0) return { label: `Failed on ${failed} of ${hosts.length} hosts`, tone: 'bad' };
  if (installed === hosts.length)
    return { label: `Installed on ${installed} of ${hosts.length} hosts`, tone: 'ok' };
  const verb =
    opType === 'uninstall' ? 'Removing' : opType === 'upgrade' ? 'Upgrading' : 'Installing';
  return { label: `${verb}: ${installed} of ${hosts.length} hosts have it`, tone: 'info' };
}

/** In a cluster of more hosts than this, those where all is well are folded away. */
const SHOWN_MAX = 8;

export function HostFilterProgress(props: HostFilterProgressProps) {
  const { filter } = props;
  const name = `Hosts of ${filter.name}`;
  if (filter.hosts.length <= SHOWN_MAX)
    return <Rows {...props} label={name} parts={filter.hosts} />;
  const well = filter.hosts.filter(({ state, available }) => state === 'installed' && available);
  const others = filter.hosts.filter((part) => !well.includes(part));
  return (
    <>
      {others.length > 0 && <Rows {...props} label={name} parts={others} />}
      {well.length > 0 && (
        <details className="border-t border-line">
          <summary className="cursor-pointer px-4 py-1.5 text-accent select-none">
            {`Installed on ${formatNoun(well.length, 'host')}`}
          </summary>
          <Rows {...props} label={`${name} that have it`} parts={well} />
        </details>
      )}
    </>
  );
}

interface RowsProps extends HostFilterProgressProps {
  label: string;
  parts: readonly HostPart[];
}

function Rows({ filter, hosts, resolving, onResolve, label, parts }: RowsProps) {
  return (
    <ul className="divide-y divide-line border-t border-line" aria-label={label}>
      {parts.map((part) => (
        <HostRow
          key={part.host.id}
          part={part}
          wanted={filter.version}
          known={hosts.find(({ id }) => id === part.host.id) ?? null}
          busy={resolving === part.host.id}
          resolveReason={reasonOf(filter.actions.resolve)}
          onResolve={() => onResolve(part.host.id)}
        />
      ))}
    </ul>
  );
}

/** An upgrade empties a host before the image changes: until then it would seem to wait. */
function stepOf({ state }: HostPart, known: HostSummary | null): (typeof STEPS)[HostPart['state']] {
  if (state !== 'pending' || !known || known.maintenanceState === 'normal') return STEPS[state];
  const isEmpty = known.maintenanceState === 'inMaintenance';
  const label = isEmpty ? 'In maintenance mode' : 'Entering maintenance mode';
  return { label, tone: 'info', busy: true };
}

interface HostRowProps {
  part: HostPart;
  /** Version that it shall have. */
  wanted: string;
  /** The host as the cluster has it. */
  known: HostSummary | null;
  busy: boolean;
  resolveReason: ReturnType<typeof reasonOf>;
  onResolve: () => void;
}

function HostRow({ part, wanted, known, busy, resolveReason, onResolve }: HostRowProps) {
  const { host, state, progress, available, version, fault } = part;
  const away = known?.connectionState === 'notResponding' ? known : null;
  const step = stepOf(part, known);
  // The step stands still while the host does not answer: the state of the host is what is true.
  const waits = away !== null && step.busy;
  return (
    <li
      className={classNames(
        'grid grid-cols-[minmax(5rem,1fr)_minmax(9rem,1.3fr)_minmax(8rem,2fr)] items-start',
        'gap-4 px-4 py-1.5',
      )}
    >
      <ObjectLink id={host.id} name={host.name} />
      <span className="flex flex-col gap-1">
        <Badge tone={waits ? 'warn' : step.tone} subtle>
          {waits ? 'Not responding' : step.label}
        </Badge>
        {step.busy && !waits && state !== 'pending' && (
          <ProgressBar value={progress} label={`${step.label} on ${host.name}`} />
        )}
      </span>
      <div className="flex min-w-0 items-start gap-3">
        {waits && (
          <span className="text-warn">
            Last answered <Age at={away.lastSeenAt} />. It is tried again for a while; then it
            counts as failed, and the other hosts go on without it.
          </span>
        )}
        {fault && (
          <div className="min-w-0 text-bad">
            <ReasonList reasons={fault.reasons} />
            {away && (
              <p>
                Still not responding; last answered <Age at={away.lastSeenAt} />.
              </p>
            )}
          </div>
        )}
        {version !== null && version !== wanted && (
          <span className="shrink-0 text-muted">{`Has ${version}`}</span>
        )}
        {!fault && state === 'installed' && !available && (
          <span className="text-warn">
            Installed, but the host does not report it as available.
          </span>
        )}
        {fault && (
          <Button
            size="small"
            className="ml-auto"
            busy={busy}
            disabledReason={resolveReason}
            onClick={onResolve}
          >
            Resolve
          </Button>
        )}
      </div>
    </li>
  );
}
