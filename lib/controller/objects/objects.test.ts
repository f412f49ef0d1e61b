// Objects of the inventory as an administrator orders them: renamed, put into folders, tagged,
// annotated and deleted, on a real database with a controller.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { deleteVm } from '../clones/delete-vm.ts';
import { createCustomField, setCustomValues } from '../custom-fields/change-custom-fields.ts';
import { readInventory } from '../inventory/read-inventory.ts';
import { createCategory, deleteCategory, updateCategory } from '../tags/change-categories.ts';
import { changeObjectTags } from '../tags/change-object-tags.ts';
import { createTag } from '../tags/change-tags.ts';
import { readTagAssignments, readTags } from '../tags/read-tags.ts';
import { openTestLab, type TestLab } from '../test-lab.ts';
import { powerOff } from '../vms/power-off.ts';
import { addCluster, addDatacenter, addFolder } from './create-places.ts';
import { deleteObject } from './delete-object.ts';
import { moveInto } from './move-into.ts';
import { readObject } from './read-object.ts';
import { renameObject } from './rename-object.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let lab: TestLab;
const caller = { userId: null, name: 'tester' };

beforeAll(async () => {
  lab = await openTestLab();
});
afterAll(() => lab.close());

const vmId = (index: number): string => lab.vmIds[index] ?? '';
const folder = (name: string, type: 'vm' | 'host', parentId = lab.datacenterId) =>
  addFolder(lab.db, caller, { name, type, parentId });
const rename = (objectId: string, name: string) => ({ objectId, name });
const into = (destinationId: string, ...objectIds: string[]) => ({ destinationId, objectIds });
const view = (id: string) => readObject({ db: lab.db, caller }, id);

test('renames what has a name, and refuses names that are taken', async () => {
  for (const [id, name] of [
    [vmId(0), 'shop 01'],
    [lab.clusterId, 'Production'],
    [lab.datacenterId, 'Graz'],
  ] as const) {
    expect(await lab.run(renameObject, rename(id, name))).toMatchObject({ state: 'success' });
    expect(await view(id)).toMatchObject({ name });
  }
  const event = await lab.db.event.findFirst({ where: { type: 'VmRenamedEvent' } });
  expect(event?.message).toBe('web01 was renamed to shop 01.');
  await expect(lab.submit(renameObject, rename(vmId(1), 'shop 01'))).rejects.toMatchObject({
    fault: 'DuplicateName',
    message: 'There is a virtual machine shop 01 already.',
  });
  await expect(lab.submit(renameObject, rename(vmId(1), 'a/b'))).rejects.toMatchObject({
    fault: 'InvalidArgument',
  });
  await expect(
    lab.submit(renameObject, rename(lab.hostIds[0] ?? '', 'esx99')),
  ).rejects.toMatchObject({ fault: 'NotSupported' });
  expect(await lab.run(renameObject, rename(vmId(0), 'web01'))).toMatchObject({ state: 'success' });
});

test('a folder takes its kind of objects, and goes when it is empty', async () => {
  const web = await folder('Web', 'vm');
  const old = await folder('Old', 'vm', web);
  const site = await folder('Site A', 'host');
  await expect(folder('Web', 'vm')).rejects.toMatchObject({ fault: 'DuplicateName' });
  await expect(folder('Racks', 'host', web)).rejects.toMatchObject({ fault: 'InvalidFolder' });
  await expect(folder('web01', 'vm')).rejects.toMatchObject({ fault: 'DuplicateName' });

  const moved = await lab.run(moveInto, into(old, vmId(0), vmId(1)));
  expect(moved).toMatchObject({ state: 'success' });
  expect(await view(vmId(0))).toMatchObject({ folder: { name: 'Old' } });
  await lab.run(moveInto, into(site, lab.clusterId, lab.hostIds[3] ?? ''));
  const { nodes } = await readInventory(lab.db);
  const node = (id: string) => nodes.find((one) => one.id === id);
  expect(node(vmId(0))).toMatchObject({ folderId: old, parentId: lab.hostIds[0] });
  expect(node(old)).toMatchObject({ kind: 'vmFolder', parentId: web });
  expect(node(lab.clusterId)).toMatchObject({ parentId: site });
  expect(node(lab.hostIds[3] ?? '')).toMatchObject({ parentId: site });

  await expect(lab.submit(moveInto, into(old, web))).rejects.toMatchObject({
    fault: 'InvalidFolder',
  });
  await expect(lab.submit(moveInto, into(web, lab.clusterId))).rejects.toMatchObject({
    fault: 'NotSupported',
  });
  await expect(lab.submit(moveInto, into(site, lab.hostIds[0] ?? ''))).rejects.toMatchObject({
    reasons: [{ remedy: 'Move esx01 out of its cluster first.' }],
  });
  await expect(lab.submit(deleteObject, { objectId: old })).rejects.toMatchObject({
    fault: 'ResourceInUse',
    message: 'Old holds 2 virtual machines: db01, web01.',
  });

  await lab.run(moveInto, into(lab.datacenterId, vmId(0), vmId(1)));
  await lab.run(moveInto, into(lab.datacenterId, lab.clusterId, lab.hostIds[3] ?? ''));
  for (const objectId of [old, web, site]) {
    expect(await lab.run(deleteObject, { objectId })).toMatchObject({ state: 'success' });
  }
  expect(await lab.db.folder.count()).toBe(0);
});

test('a datacenter and a cluster come and go; what is in use stays', async () => {
  const second = await addDatacenter(lab.db, caller, { name: 'Linz' });
  await expect(addDatacenter(lab.db, caller, { name: 'Linz' })).rejects.toMatchObject({
    fault: 'DuplicateName',
  });
  const cluster = await addCluster(lab.db, caller, { name: 'Test', parentId: second });
  await expect(lab.submit(moveInto, into(lab.datacenterId, cluster))).rejects.toMatchObject({
    fault: 'InvalidFolder',
  });
  await expect(lab.submit(deleteObject, { objectId: second })).rejects.toMatchObject({
    message: 'Linz holds 1 cluster: Test.',
  });
  await expect(lab.submit(deleteObject, { objectId: lab.clusterId })).rejects.toMatchObject({
    message: 'Production holds 3 hosts: esx01, esx02, esx03.',
  });
  await lab.run(deleteObject, { objectId: cluster });
  expect(await lab.run(deleteObject, { objectId: second })).toMatchObject({ state: 'success' });
  await expect(view(second)).rejects.toMatchObject({ fault: 'NotFound' });
});

test('tags follow their category', async () => {
  const { db } = lab;
  const site = await createCategory(db, caller, { name: 'Site', associableTypes: ['vm'] });
  const role = await createCategory(db, caller, { name: 'Role', multiple: true });
  const tag = (name: string, categoryId: string) => createTag(db, caller, { name, categoryId });
  const [graz, linz] = [await tag('Graz', site), await tag('Linz', site)];
  const [shop, mail] = [await tag('shop', role), await tag('mail', role)];
  await expect(tag('shop', role)).rejects.toMatchObject({ fault: 'DuplicateName' });
  const change = (objectId: string, assign: string[], unassign: string[] = []) =>
    changeObjectTags(db, caller, { objectId, input: { assign, unassign } });

  await change(vmId(0), [graz, shop, mail]);
  expect((await view(vmId(0))).tags.map(({ name }) => name)).toEqual(['mail', 'shop', 'Graz']);
  await expect(change(vmId(0), [linz])).rejects.toMatchObject({ fault: 'InvalidArgument' });
  await expect(change(lab.clusterId, [graz])).rejects.toMatchObject({ fault: 'InvalidArgument' });
  await change(vmId(0), [linz], [graz, mail]);
  await change(lab.clusterId, [shop]);
  expect(await readTagAssignments(db)).toEqual([
    { tagId: linz, objectIds: [vmId(0)] },
    { tagId: shop, objectIds: [lab.clusterId, vmId(0)].sort() },
  ]);
  expect((await readTags(db, caller)).tags.find(({ id }) => id === shop)?.objectCount).toBe(2);

  const edit = (id: string, input: object) => updateCategory(db, caller, { id, input });
  await expect(edit(role, { name: 'Role', multiple: false })).rejects.toMatchObject({
    fault: 'InvalidArgument',
  });
  await expect(
    edit(role, { name: 'Role', multiple: true, associableTypes: ['vm'] }),
  ).rejects.toThrow('Types of objects can be added to Role');
  await edit(site, { name: 'Place', multiple: true });
  await change(vmId(0), [graz]);
  await deleteCategory(db, caller, site);
  expect((await view(vmId(0))).tags.map(({ name }) => name)).toEqual(['shop']);
});

test('custom attributes have values, and all goes with the object', async () => {
  const { db } = lab;
  const owner = await createCustomField(db, caller, { name: 'Owner' });
  const rack = await createCustomField(db, caller, { name: 'Rack', type: 'host' });
  await expect(createCustomField(db, caller, { name: 'Rack' })).rejects.toMatchObject({
    fault: 'DuplicateName',
  });
  const set = (objectId: string, fieldId: string, value: string) =>
    setCustomValues(db, caller, { objectId, input: { values: [{ fieldId, value }] } });
  await set(vmId(1), owner, 'Ann');
  await expect(set(vmId(1), rack, '7')).rejects.toMatchObject({ fault: 'InvalidArgument' });
  const kept = { fieldId: owner, name: 'Owner' };
  expect((await view(vmId(1))).customValues).toEqual([{ ...kept, value: 'Ann' }]);
  await set(vmId(1), owner, '');
  expect((await view(vmId(1))).customValues).toEqual([{ ...kept, value: '' }]);

  await set(vmId(1), owner, 'Bob');
  const [gold] = (await readTags(db, caller)).tags;
  const input = { assign: [gold?.id] };
  await changeObjectTags(db, caller, { objectId: vmId(1), input });
  await lab.run(powerOff, { vmId: vmId(1) });
  expect(await lab.run(deleteVm, { vmId: vmId(1) })).toMatchObject({ state: 'success' });
  expect(await db.customValue.count({ where: { objectId: vmId(1) } })).toBe(0);
  expect(await db.tagAssignment.count({ where: { objectId: vmId(1) } })).toBe(0);
});
