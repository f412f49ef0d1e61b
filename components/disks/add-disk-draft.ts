// A disk that somebody is about to add: what was chosen and typed, and the call that it makes.
// Pure.
import type { Provisioning } from '#lib/model/disk-storage.ts';
import type { AddDiskInput } from '#lib/wire/api/vm-operations.ts';
import { bytesOf, type SizeDraft } from './disk-size.ts';

export type DiskKind = AddDiskInput['kind'];

export interface AddDiskDraft {
  kind: DiskKind;
  size: SizeDraft;
  provisioning: Provisioning;
  datastoreId: string;
  /** Of an existing descriptor, inside of the datastore. */
  path: string;
  device: string;
  compatibilityMode: 'virtualMode' | 'physicalMode';
}

export interface DraftProblem {
  field: 'size' | 'path' | 'device';
  message: string;
}

/** The call's body, or what is missing. */
export function addDiskInput(draft: AddDiskDraft): AddDiskInput | DraftProblem {
  const { kind, provisioning, datastoreId, compatibilityMode } = draft;
  if (kind === 'new') {
    const capacityBytes = bytesOf(draft.size);
    if (capacityBytes === null) return problem('size', 'Enter a size from 1 MiB to 62 TiB.');
    return { kind, capacityBytes, provisioning, datastoreId };
  }
  if (kind === 'existing') {
    const path = draft.path.trim();
    if (!isDescriptorPath(path)) {
      return problem('path', 'Enter the path of a descriptor, such as web01/web01_1.vmdk.');
    }
    return { kind, datastoreId, path };
  }
  const device = draft.device.trim();
  if (device === '')
    return problem('device', 'Enter a block device or an address of an NBD server.');
  return { kind, device, compatibilityMode, datastoreId };
}

export function isProblem(input: AddDiskInput | DraftProblem): input is DraftProblem {
  return 'field' in input;
}

/** Inside of the datastore, and not out of it by way of `..`. */
function isDescriptorPath(path: string): boolean {
  return /^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$)).+\.vmdk$/.test(path);
}

function problem(field: DraftProblem['field'], message: string): DraftProblem {
  return { field, message };
}
