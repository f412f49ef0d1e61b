// The call that a description of a disk makes.
import { describe, expect, it } from 'vitest';
import { type AddDiskDraft, addDiskInput, isProblem } from './add-disk-draft.ts';

const DRAFT: AddDiskDraft = {
  ...{ kind: 'new', size: { amount: '1', unit: 'GiB' }, provisioning: 'thin' },
  ...{ datastoreId: 'datastore-1', path: '', device: '', compatibilityMode: 'virtualMode' },
};

describe('addDiskInput', () => {
  it('makes the call for each kind', () => {
    const datastoreId = 'datastore-1';
    expect(addDiskInput(DRAFT)).toEqual({
      ...{ kind: 'new', capacityBytes: 1024 ** 3, provisioning: 'thin', datastoreId },
    });
    const path = 'web01/web01_1.vmdk';
    expect(addDiskInput({ ...DRAFT, kind: 'existing', path: ` ${path} ` })).toEqual({
      ...{ kind: 'existing', datastoreId, path },
    });
    const device = 'nbd://127.0.0.1:10809/lun1';
    expect(addDiskInput({ ...DRAFT, kind: 'rawDevice', device })).toEqual({
      ...{ kind: 'rawDevice', device, compatibilityMode: 'virtualMode', datastoreId },
    });
  });

  it.each([
    { ...DRAFT, size: { amount: 'x', unit: 'GiB' as const } },
    { ...DRAFT, kind: 'existing' as const, path: '/etc/passwd' },
    { ...DRAFT, kind: 'existing' as const, path: 'a/../../b.vmdk' },
    { ...DRAFT, kind: 'rawDevice' as const, device: ' ' },
  ])('says what is missing', (draft) => {
    expect(isProblem(addDiskInput(draft))).toBe(true);
  });
});
