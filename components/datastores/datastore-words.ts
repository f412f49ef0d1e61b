// The types of datastores in words, with what each is for.
import type { DatastoreType } from '#lib/model/inventory.ts';

interface TypeWords {
  label: string;
  help: string;
  /** What its path is. */
  place: string;
}

export const DATASTORE_TYPES: Record<DatastoreType, TypeWords> = {
  VMFS: {
    label: 'VMFS',
    help:
      'A directory that several hosts see, on block storage. On-disk locks and heartbeats keep ' +
      'two hosts from writing to one disk.',
    place: 'Directory that all its hosts see.',
  },
  NFS: {
    label: 'NFS',
    help: 'A directory that a file server exports, mounted on each host.',
    place: 'Where each host has mounted the export.',
  },
  vsan: {
    label: 'vSAN',
    help:
      'Objects mirrored over local disks of its hosts, with a witness. It serves through the ' +
      'loss of one host, and resynchronises after.',
    place: 'Directory of the datastore; each host adds a local disk of its own.',
  },
  VVOL: {
    label: 'vVol',
    help: 'Each disk is an object of its own, kept by a storage provider.',
    place: 'Directory of the storage provider.',
  },
};

function isType(type: string): type is DatastoreType {
  return Object.hasOwn(DATASTORE_TYPES, type);
}

/** As people call it; what is not known stays as it is. */
export function typeLabel(type: string): string {
  return isType(type) ? DATASTORE_TYPES[type].label : type;
}
