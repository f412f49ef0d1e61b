// The way of a newcomer from an empty cluster to a live migration: which steps are done, told by
// what is there.
import type { FilterCatalogueEntry, PolicyView } from '#lib/wire/api/policies.ts';
import type { EventView, TaskView } from '#lib/wire/api/tasks.ts';
import type { VmTotals } from '#lib/wire/api/vms/vm-list.ts';

const MIGRATIONS = new Set(['VirtualMachine.migrate', 'Drm.ExecuteVMotionLRO']);

export interface NextStep {
  key: 'install' | 'policy' | 'attach' | 'workload' | 'migrate';
  title: string;
  text: string;
  done: boolean;
  href: string;
}

interface Facts {
  clusterId: string | null;
  filters: readonly FilterCatalogueEntry[];
  policies: readonly PolicyView[];
  vms: VmTotals;
  tasks: readonly TaskView[];
  events: readonly EventView[];
}

export function nextSteps(facts: Facts): NextStep[] {
  const { clusterId, filters, policies, vms, tasks, events } = facts;
  const vm = vms.firstFiltered ?? vms.firstPoweredOn;
  const vmPath = vm ? `/vms/${vm.id}` : '/vms';
  return [
    {
      key: 'install',
      title: 'Install an I/O filter on a cluster',
      text: 'Choose a VIB from the depot. Every host verifies, unpacks and reports it.',
      done: filters.some(({ clusters }) => clusters.length > 0),
      href: clusterId ? `/clusters/${clusterId}?tab=configure&section=io-filters` : '/',
    },
    {
      key: 'policy',
      title: 'Create a VM storage policy',
      text: 'Name the filter and its properties; see which hosts and datastores are compatible.',
      done: policies.length > 0,
      href: '/policies',
    },
    {
      key: 'attach',
      title: 'Attach it to a disk of a running virtual machine',
      text: 'The chain is rebuilt without losing one I/O of the connected client.',
      done: vms.filtered > 0,
      href: `${vmPath}?tab=configure&section=disks`,
    },
    {
      key: 'workload',
      title: 'Run a workload and watch the I/O path',
      text: 'Use the built-in generator, a recorded trace, or qemu-io and fio against the disk.',
      done: events.some(({ type }) => /workload/i.test(type)),
      href: `${vmPath}?tab=monitor&section=workload`,
    },
    {
      key: 'migrate',
      title: 'Migrate it live to another host',
      text: 'Hosts that cannot take it say why. The client keeps its I/O going.',
      done: tasks.some(({ operation, state }) => MIGRATIONS.has(operation) && state === 'success'),
      href: vmPath,
    },
  ];
}
