// The call that a description of a clone makes, and names that are refused.
import { expect, it } from 'vitest';
import { type CloneDraft, cloneBody, nameProblem } from './clone-draft.ts';

const DRAFT: CloneDraft = {
  ...{
    kind: 'vm',
    name: ' web09 ',
    snapshotId: null,
    hostId: 'host-1',
    datastoreId: 'datastore-1',
  },
  ...{ provisioning: 'thin', powerOn: true },
};

it('makes the call of each kind', () => {
  expect(cloneBody(DRAFT)).toMatchObject({ name: 'web09', linked: false, provisioning: 'thin' });
  const linked = cloneBody({ ...DRAFT, kind: 'linked', snapshotId: 3 });
  expect(linked).toMatchObject({ linked: true, snapshotId: 3 });
  expect(linked).not.toHaveProperty('provisioning');
  expect(cloneBody({ ...DRAFT, kind: 'template' })).toMatchObject({
    ...{ template: true, powerOn: false },
  });
});

it('waits until name, host and datastore are chosen', () => {
  expect(cloneBody({ ...DRAFT, name: '' })).toBeNull();
  expect(cloneBody({ ...DRAFT, hostId: null })).toBeNull();
  expect(cloneBody({ ...DRAFT, datastoreId: null })).toBeNull();
});

it.each(['', ' ', '.hidden', 'a/b', 'a\\b', 'a%b', 'a\nb', 'x'.repeat(81)])(
  'refuses the name %j',
  (name) => {
    expect(nameProblem(name)).not.toBeNull();
  },
);
