// A host's state as icon and words: connection, maintenance mode, and issues.
// Props: `host` (summary or view).
import { Server } from 'lucide-react';
import type { HostSummary } from '#lib/wire/api/inventory.ts';
import { Badge } from '../ui/badge.tsx';
import { StateIcon, type StateMark } from '../ui/state-icon.tsx';

type HostState = Pick<
  HostSummary,
  'connectionState' | 'connectionReason' | 'maintenanceState' | 'issues'
>;

const CONNECTION_LABELS: Record<HostSummary['connectionState'], string> = {
  connected: 'Connected',
  disconnected: 'Disconnected',
  notResponding: 'Not responding',
};

const MAINTENANCE_LABELS: Record<HostSummary['maintenanceState'], string> = {
  normal: 'Normal',
  entering: 'Entering maintenance mode',
  inMaintenance: 'Maintenance mode',
};

function markOf({ connectionState, maintenanceState, issues }: HostState): StateMark {
  if (connectionState === 'notResponding') return 'error';
  if (connectionState === 'disconnected') return 'offline';
  if (maintenanceState !== 'normal') return 'maintenance';
  return issues.length > 0 ? 'warning' : 'none';
}

/** Connection first, then maintenance mode: “Connected, maintenance mode”. */
export function hostStateLabel({ connectionState, maintenanceState }: HostState): string {
  const connection = CONNECTION_LABELS[connectionState];
  if (maintenanceState === 'normal') return connection;
  return `${connection}, ${MAINTENANCE_LABELS[maintenanceState].toLowerCase()}`;
}

export function HostIcon({ host, size }: { host: HostState; size?: number }) {
  return <StateIcon icon={Server} mark={markOf(host)} label={hostStateLabel(host)} size={size} />;
}

export function HostStateBadges({ host }: { host: HostState }) {
  const tone = { connected: 'ok', disconnected: 'idle', notResponding: 'bad' } as const;
  return (
    <>
      <Badge tone={tone[host.connectionState]}>{CONNECTION_LABELS[host.connectionState]}</Badge>
      {host.maintenanceState !== 'normal' && (
        <Badge tone="info">{MAINTENANCE_LABELS[host.maintenanceState]}</Badge>
      )}
      {host.issues.length > 0 && (
        <Badge tone="warn">
          {host.issues.length === 1 ? '1 issue' : `${host.issues.length} issues`}
        </Badge>
      )}
    </>
  );
}
