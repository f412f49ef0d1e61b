// Which VMs a list must read again after changes of the log. Pure.
import { kindOf } from '../../model/object-kind.ts';

export interface WhatChanged {
  vmIds: Set<string>;
  /** All VMs on them. */
  hostIds: Set<string>;
  /** All VMs with a disk of them. */
  policyIds: Set<string>;
  /** The tags of VMs. */
  tags: boolean;
  /** So much that only all of it tells. */
  everything: boolean;
}

/** What lists of VMs do not show. */
const UNSEEN = new Set([
  ...['connections', 'workloads', 'replicas', 'recoveries', 'bookmarks', 'customValues', 'folder'],
  ...['ha', 'layout'],
]);
/** What lists of VMs do not show of their hosts. */
const UNSEEN_OF_HOSTS = new Set([
  ...['cpuUsage', 'datastores', 'vms', 'workloads', 'flash', 'product', 'filterStates', 'ha'],
  ...['maintenanceState', 'folder', 'tags', 'customValues', 'issues'],
]);

export function whatChanged(changes: readonly { object: string; path: string }[]): WhatChanged {
  const found: WhatChanged = {
    ...{ vmIds: new Set(), hostIds: new Set(), policyIds: new Set() },
    ...{ tags: false, everything: false },
  };
  for (const { object, path } of changes) note(found, object, path);
  return found;
}

function note(found: WhatChanged, object: string, path: string): void {
  switch (kindOf(object)) {
    case 'vm':
      if (path === 'tags') found.tags = true;
      else if (!UNSEEN.has(path)) found.vmIds.add(object);
      break;
    case 'host':
      if (!UNSEEN_OF_HOSTS.has(path)) found.hostIds.add(object);
      break;
    case 'cluster':
      // Hosts that join or leave say so themselves.
      if (path === 'name') found.everything = true;
      break;
    case 'policy':
      found.policyIds.add(object);
      break;
    case 'tag':
    case 'tagCategory':
      found.tags = true;
      break;
  }
}
