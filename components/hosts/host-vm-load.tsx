'use client';
// Monitor › Load: what each powered-on virtual machine of a host takes of it, most first, the first
// hundred. Props: `host`.
import { useVmsOfHost } from '#lib/client/use-inventory.ts';
import type { HostView, VmSummary } from '#lib/wire/api/inventory.ts';
import { formatCount, formatMebibytes, formatShare } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Section } from '../ui/card.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

/** Those below them take little. */
const SHOWN_MAX = 100;

export function HostVmLoad({ host }: { host: HostView }) {
  return (
    <QueryState query={useVmsOfHost(host.id)} lines={8}>
      {(vms) => <Load vms={vms} />}
    </QueryState>
  );
}

function Load({ vms }: { vms: VmSummary[] }) {
  const running = vms
    .filter(({ powerState }) => powerState === 'poweredOn')
    .sort((a, b) => b.cpuUsage - a.cpuUsage);
  if (running.length === 0)
    return <EmptyState title="No virtual machine is powered on on this host" />;
  return (
    <Section
      title="Load of its virtual machines"
      description={
        'CPU as a share of one core, measured on the process that serves the disks, over ' +
        'the last minute.'
      }
    >
      <table className="w-full max-w-3xl border-collapse">
        <thead>
          <tr className="border-b border-line text-left text-sm text-muted">
            <th className="py-1 pr-4 font-medium">Virtual machine</th>
            <th className="py-1 pr-4 font-medium">CPU in use</th>
            <th className="py-1 text-right font-medium">Memory granted</th>
          </tr>
        </thead>
        <tbody>
          {running.slice(0, SHOWN_MAX).map((vm) => (
            <tr key={vm.id} className="h-row border-b border-line">
              <td className="pr-4">
                <ObjectLink id={vm.id} name={vm.name} />
              </td>
              <td className="pr-4">
                <span className="flex items-center gap-2">
                  <ProgressBar
                    value={vm.cpuUsage * 100}
                    label={`CPU of ${vm.name}`}
                    className="max-w-60"
                  />
                  <span className="w-16 text-right">{formatShare(vm.cpuUsage)}</span>
                </span>
              </td>
              <td className="text-right">{formatMebibytes(vm.memoryMib)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {running.length > SHOWN_MAX && (
        <p className="mt-2 text-muted">
          {`${formatCount(running.length - SHOWN_MAX)} more take less than these.`}
        </p>
      )}
    </Section>
  );
}
