// Where each object has its page in the console.
import { kindOf, type ObjectKind } from '#lib/model/object-kind.ts';

const FOLDERS: Partial<Record<ObjectKind, string>> = {
  datacenter: '/datacenters',
  vmFolder: '/folders',
  hostFolder: '/folders',
  cluster: '/clusters',
  resourcePool: '/resource-pools',
  host: '/hosts',
  datastore: '/datastores',
  vm: '/vms',
  policy: '/policies',
  vib: '/depot/vibs',
  task: '/tasks',
};

/** Path of an object's page; null for a kind that has none. */
export function objectPath(id: string): string | null {
  const kind = kindOf(id);
  const folder = kind && FOLDERS[kind];
  return folder ? `${folder}/${id}` : null;
}
