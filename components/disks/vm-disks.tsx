'use client';
// Configure › Virtual disks: each disk with its size, what it takes, what is below its filters;
// add, grow and remove. Props: `vm`.
import { HardDrive } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import type { DiskView, VmView } from '#lib/wire/api/inventory.ts';
import { formatBytes } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { ComplianceBadge } from '../policies/compliance-badge.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { ScrollArea } from '../ui/scroll-area.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { FilterChain } from '../vms/filter-chain.tsx';
import { addVerdict } from '../vms/vm-menu.tsx';
import { Health } from './disk-health.tsx';
import { BACKING_WORDS, PROVISIONING_WORDS } from './disk-words.ts';

export function VmDisks({ vm }: { vm: VmView }) {
  const add = (
    <Button
      variant="primary"
      disabledReason={reasonOf(addVerdict(vm.actions))}
      onClick={() => openDialog('addDisk', { vm: vm.id })}
    >
      Add disk…
    </Button>
  );
  if (vm.disks.length === 0) {
    return <EmptyState icon={HardDrive} title="This virtual machine has no disks" action={add} />;
  }
  return (
    <Section
      title="Virtual disks"
      description="Disks can be added, grown and removed while the virtual machine runs."
      actions={add}
    >
      <ScrollArea label="Virtual disks">
        <table className="w-full min-w-[44rem] border-collapse">
          <thead>
            <tr className="border-b border-line text-left text-sm text-muted">
              <th className="py-1 pr-4 font-medium">Disk</th>
              <th className="w-40 py-1 pr-4 font-medium">Used of capacity</th>
              <th className="py-1 pr-4 font-medium">Storage</th>
              <th className="py-1 pr-4 font-medium">Filters and policy</th>
              <th className="py-1">
                <span className="sr-only">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {vm.disks.map((disk) => (
              <DiskRow key={disk.key} vm={vm} disk={disk} />
            ))}
          </tbody>
        </table>
      </ScrollArea>
    </Section>
  );
}

function DiskRow({ vm, disk }: { vm: VmView; disk: DiskView }) {
  const backing = BACKING_WORDS[disk.backing];
  const provisioning = PROVISIONING_WORDS[disk.provisioning];
  const cell = 'py-2 pr-4 align-top';
  return (
    <tr className="border-b border-line">
      <td className={cell}>
        <span className="font-medium">{disk.label}</span>
        <span className="text-muted">{` ${disk.unit}`}</span>
        <code className="block max-w-56 truncate font-mono text-sm text-muted" title={disk.path}>
          {disk.path}
        </code>
      </td>
      <td className={cell}>
        <Use disk={disk} />
      </td>
      <td className={cell}>
        <span className="block" title={backing.help}>
          {backing.label}
        </span>
        <ObjectLink {...disk.datastore} />
        {disk.backing !== 'rdm' && (
          <span className="block text-muted" title={provisioning.help}>
            {provisioning.label}
          </span>
        )}
        {disk.health !== '' && <Health text={disk.health} />}
      </td>
      <td className={cell}>
        <FilterChain filters={disk.filters} />
        <span className="flex flex-wrap items-center gap-x-2">
          {disk.policy ? (
            <>
              <ObjectLink {...disk.policy} />
              <ComplianceBadge compliance={disk.compliance} reason={disk.complianceReason} />
            </>
          ) : (
            <span className="text-muted">Datastore default</span>
          )}
        </span>
      </td>
      {/* In view on a narrow page too, where the rest scrolls below it. */}
      <td className="sticky right-0 bg-sunken py-1.5 pl-2 align-top">
        <DiskActions vm={vm} disk={disk} />
      </td>
    </tr>
  );
}

function Use({ disk: { label, usedBytes, capacityBytes } }: { disk: DiskView }) {
  if (usedBytes === null) {
    return (
      <>
        {formatBytes(capacityBytes)}
        <span className="block text-sm text-muted">Use not known yet</span>
      </>
    );
  }
  // With redo logs a disk can take more than it holds.
  const share = capacityBytes === 0 ? 0 : usedBytes / capacityBytes;
  return (
    <>
      {`${formatBytes(usedBytes)} of ${formatBytes(capacityBytes)}`}
      <ProgressBar
        className="mt-1"
        value={share * 100}
        label={`Use of ${label}`}
        tone={share > 1 ? 'warn' : 'accent'}
      />
    </>
  );
}

function DiskActions({ vm, disk }: { vm: VmView; disk: DiskView }) {
  const target = { vm: vm.id, disk: String(disk.key) };
  return (
    <span className="flex flex-col items-end justify-end gap-1 lg:flex-row">
      <Button
        size="small"
        aria-label={`Grow ${disk.label}…`}
        disabledReason={reasonOf(disk.actions.grow)}
        onClick={() => openDialog('growDisk', target)}
      >
        Grow…
      </Button>
      <Button
        size="small"
        variant="danger"
        aria-label={`Remove ${disk.label}…`}
        disabledReason={reasonOf(disk.actions.remove)}
        onClick={() => openDialog('removeDisk', target)}
      >
        Remove…
      </Button>
    </span>
  );
}
