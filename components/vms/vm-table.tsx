'use client';
// Virtual machines as a table: in the list of all, on a host, on a cluster. The rows stay on the
// server, which searches and sorts them.
// Props: `place` (all of them without it), `id` of the table in the URL, `height`.
import { Monitor } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { openDialog } from '#components/shell/dialog-url.ts';
import type { VmPlace } from '#lib/client/vm-list.ts';
import type { VmSummary } from '#lib/wire/api/inventory.ts';
import { VM_COLUMNS } from '#lib/wire/api/vms/vm-columns.ts';
import { useColumnsWithTags } from '../inventory/use-tag-names.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { ComplianceBadge } from '../policies/compliance-badge.tsx';
import { bytesColumn } from '../tables/bytes-column.ts';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import type { MenuItem } from '../ui/overlays/menu-item.ts';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { useVmSource } from './vm-source.ts';
import { VmIcon } from './vm-state.tsx';

export interface VmTableProps {
  place?: VmPlace;
  id?: string;
  height?: number;
  /** What a click on a row does instead of opening the page, and the row that is picked. */
  onPick?: (vm: VmSummary) => void;
  pickedId?: string | null;
}

const COLUMNS: readonly TableColumn<VmSummary>[] = [
  {
    ...VM_COLUMNS.name,
    header: 'Name',
    grow: true,
    width: 180,
    cell: (vm) => (
      <span className="flex min-w-0 items-center gap-2">
        <VmIcon vm={vm} />
        <ObjectLink id={vm.id} name={vm.name} />
      </span>
    ),
  },
  {
    ...VM_COLUMNS.power,
    header: 'Power',
    width: 110,
    facet: true,
  },
  {
    ...VM_COLUMNS.host,
    header: 'Host',
    width: 120,
    facet: true,
    cell: ({ host }) => <ObjectLink {...host} />,
  },
  {
    ...VM_COLUMNS.cluster,
    header: 'Cluster',
    width: 100,
    facet: true,
    cell: ({ cluster }) => (cluster ? <ObjectLink {...cluster} /> : null),
  },
  {
    ...VM_COLUMNS.filters,
    header: 'I/O filters',
    width: 160,
    facet: true,
  },
  {
    ...VM_COLUMNS.compliance,
    header: 'Compliance',
    width: 140,
    facet: true,
    cell: ({ compliance }) => <ComplianceBadge compliance={compliance} />,
  },
  {
    ...VM_COLUMNS.cpu,
    header: 'CPU in use',
    width: 100,
    align: 'end',
  },
  {
    ...VM_COLUMNS.memory,
    header: 'Memory',
    width: 90,
    align: 'end',
  },
  bytesColumn({
    ...VM_COLUMNS.size,
    header: 'Provisioned',
    width: 110,
  }),
  {
    ...VM_COLUMNS.snapshots,
    header: 'Snapshots',
    width: 100,
    align: 'end',
    hidden: true,
  },
  {
    ...VM_COLUMNS.guest,
    header: 'Guest',
    hidden: true,
  },
];

const EVERYWHERE: VmPlace = {};

export function VmTable(props: VmTableProps) {
  const { place = EVERYWHERE, id = 'vms', height, onPick, pickedId } = props;
  const router = useRouter();
  return (
    <DataTable
      id={id}
      label="Virtual machines"
      source={useVmSource(place)}
      rowId={(vm) => vm.id}
      columns={useColumnsWithTags(COLUMNS)}
      defaultSort={{ column: 'name', descending: false }}
      height={height}
      onOpen={onPick ?? ((vm) => router.push(`/vms/${vm.id}`))}
      openId={pickedId}
      rowMenu={menuOf}
      empty={
        <EmptyState icon={Monitor} title="No virtual machines here">
          Virtual machines that are registered here stand in this list.
        </EmptyState>
      }
    />
  );
}

/** The list has no verdicts: each dialog asks for them and says what is in the way. */
function menuOf(vm: VmSummary): MenuItem[] {
  const target = { vm: vm.id };
  if (vm.isTemplate) {
    return [
      item('Deploy virtual machine…', () => openDialog('clone', { ...target, to: 'vm' })),
      item('Convert to virtual machine…', () =>
        openDialog('markTemplate', { ...target, to: 'vm' }),
      ),
      'separator',
      item('Delete from disk…', () => openDialog('deleteVm', target)),
    ];
  }
  const power = (to: string) => () => openDialog('power', { ...target, to });
  return [
    ...(vm.powerState === 'poweredOn'
      ? [
          item('Power off…', power('poweredOff')),
          item('Suspend…', power('suspended')),
          item('Reset…', power('reset')),
        ]
      : [item(vm.powerState === 'suspended' ? 'Resume…' : 'Power on…', power('poweredOn'))]),
    'separator',
    item('Take snapshot…', () => openDialog('takeSnapshot', target)),
    item('Clone…', () => openDialog('clone', { ...target, to: 'vm' })),
    item('Migrate…', () => openDialog('migrate', target)),
    item('Edit VM storage policies…', () => openDialog('editPolicies', target)),
    item('Rename…', () => openDialog('renameObject', { object: vm.id })),
    item('Move to folder…', () => openDialog('moveObject', { object: vm.id })),
    item('Assign tags…', () => openDialog('assignTags', { object: vm.id })),
    item('Start a workload…', () => openDialog('startWorkload', target)),
    'separator',
    item('Delete from disk…', () => openDialog('deleteVm', target)),
  ];
}

function item(label: string, onSelect: () => void): MenuItem {
  return { id: label, label, onSelect };
}
