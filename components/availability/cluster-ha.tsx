'use client';
// Configure › vSphere Availability of a cluster: how HA is set, what it makes of each host, what is
// left when hosts fail, and the VMs that it cannot protect or bring back.
// Props: `cluster`.
import { openDialog } from '#components/shell/dialog-url.ts';
import { useHa } from '#lib/client/use-availability.ts';
import type { HaView } from '#lib/wire/api/ha.ts';
import type { ClusterView } from '#lib/wire/api/inventory.ts';
import { formatMebibytes } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { ReasonList } from '../ui/reason-list.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { failuresText, HOST_STATES, PRIORITY_LABELS } from './ha-words.ts';

export function ClusterHa({ cluster }: { cluster: ClusterView }) {
  return (
    <QueryState query={useHa(cluster.id)} lines={10}>
      {(ha) => (
        <div className="max-w-4xl space-y-6">
          <Settings cluster={cluster} ha={ha} />
          {ha.config.enabled && <Hosts ha={ha} />}
          {ha.down.length > 0 && (
            <VmReasons
              title="Virtual machines that are down"
              description="Their host has failed, and they start when a host can take them."
              rows={ha.down.map(({ vm, trouble }) => ({ vm, reasons: trouble.reasons }))}
            />
          )}
          {ha.config.enabled && ha.unprotected.length > 0 && (
            <VmReasons
              title="Virtual machines that no other host could take"
              description="They would stay down when their host fails."
              rows={ha.unprotected}
            />
          )}
          <Overrides cluster={cluster} ha={ha} />
        </div>
      )}
    </QueryState>
  );
}

function Settings({ cluster, ha }: { cluster: ClusterView; ha: HaView }) {
  const { config, capacity } = ha;
  const { failuresTolerated } = config;
  const room =
    `${formatMebibytes(capacity.memoryGrantedMib)} granted; ` +
    `${formatMebibytes(capacity.memoryLeftMib)} left when ${failuresTolerated} failed, ` +
    `of ${formatMebibytes(capacity.memoryMib)}`;
  return (
    <Section
      title="vSphere HA"
      actions={
        <Button
          disabledReason={reasonOf(cluster.actions.editHa)}
          onClick={() => openDialog('editHa', { cluster: cluster.id })}
        >
          Edit…
        </Button>
      }
    >
      <PropertyList
        items={[
          { label: 'vSphere HA', value: config.enabled ? 'On' : 'Off' },
          { label: 'Host monitoring', value: config.hostMonitoring ? 'On' : 'Off' },
          { label: 'Restart priority', value: PRIORITY_LABELS[config.restartPriority] },
          {
            label: 'Admission control',
            value: config.admissionControl
              ? `Host failures cluster tolerates: ${failuresTolerated}`
              : 'Disabled',
          },
          { label: 'Could fail now', value: failuresText(capacity.hostFailures), help: room },
        ]}
      />
    </Section>
  );
}

function Hosts({ ha }: { ha: HaView }) {
  return (
    <Section title="Hosts">
      <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
        {ha.hosts.map(({ host, state, reason }) => (
          <li key={host.id} className="grid gap-2 px-4 py-2 md:grid-cols-[12rem_1fr]">
            <ObjectLink {...host} />
            <span>
              <Badge tone={HOST_STATES[state].tone}>{HOST_STATES[state].label}</Badge>
              {reason && <span className="ml-2 text-muted">{reason}</span>}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

interface VmReasonsProps {
  title: string;
  description: string;
  rows: HaView['unprotected'];
}

function VmReasons({ title, description, rows }: VmReasonsProps) {
  return (
    <Section title={title} description={description}>
      <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
        {rows.map(({ vm, reasons }) => (
          <li key={vm.id} className="grid gap-2 px-4 py-2 md:grid-cols-[12rem_1fr]">
            <ObjectLink {...vm} />
            <ReasonList reasons={reasons} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Overrides({ cluster, ha }: { cluster: ClusterView; ha: HaView }) {
  return (
    <Section
      title="VM overrides"
      description="Virtual machines with a restart priority of their own."
      actions={
        <Button
          disabledReason={reasonOf(cluster.actions.editHa)}
          onClick={() => openDialog('restartPriority', { cluster: cluster.id })}
        >
          Add…
        </Button>
      }
    >
      {ha.overrides.length === 0 ? (
        <p className="text-muted">All have the restart priority of the cluster.</p>
      ) : (
        <PropertyList
          items={ha.overrides.map(({ vm, restartPriority }) => ({
            label: vm.name,
            value: (
              <span className="flex items-center gap-3">
                {PRIORITY_LABELS[restartPriority]}
                <Button
                  aria-label={`Edit the restart priority of ${vm.name}`}
                  disabledReason={reasonOf(cluster.actions.editHa)}
                  onClick={() => openDialog('restartPriority', { cluster: cluster.id, vm: vm.id })}
                >
                  Edit…
                </Button>
              </span>
            ),
          }))}
        />
      )}
    </Section>
  );
}
