// What folders take, what may be deleted, and what tags allow: row by row, with the words that
// refuse it.
import { describe, expect, test } from 'vitest';
import { FOLDER_DEPTH_MAX } from '../../model/limits.ts';
import { deleteReasons } from './deletion.ts';
import { createFolderReasons, judgeMoveInto, type PlacedObject } from './folders.ts';
import { namesakeReasons, renameReasons } from './naming.ts';
import { judgeCategoryChange, judgeTags } from './tags.ts';

const place = { datacenterId: 'datacenter-1', folderId: null, clusterId: null };
const vm: PlacedObject = { id: 'vm-1', name: 'web01', type: 'vm', ...place };
const web = { id: 'group-v1', name: 'Web', type: 'folder' as const, datacenterId: 'datacenter-1' };
const below = (levels: number) =>
  Array.from({ length: levels }, (_, index) => `group-v${index + 1}`);
const into = (change: Partial<PlacedObject>, levels = 0, depth = 1) =>
  judgeMoveInto({ ...web, folderPath: below(depth) }, [
    { object: { ...vm, ...change }, namesake: null, levels },
  ]).reasons.map(({ fault, message }) => `${fault}: ${message}`);

describe('a folder for virtual machines', () => {
  test('takes a virtual machine and a folder of its kind', () => {
    expect(into({})).toEqual([]);
    expect(into({ id: 'group-v9', type: 'folder' }, 1)).toEqual([]);
  });

  test.each<[string, Partial<PlacedObject>, string]>([
    ['a cluster', { id: 'domain-c1', type: 'cluster' }, 'NotSupported: Web is a folder for'],
    ['a folder for hosts', { id: 'group-h1', type: 'folder' }, 'NotSupported: Web is a folder'],
    ['a datastore', { id: 'datastore-1', type: 'datastore' }, 'NotSupported: Datastores do not'],
    ['itself', { id: 'group-v1', name: 'Web', type: 'folder' }, 'InvalidFolder: Web cannot be'],
    ['one from elsewhere', { datacenterId: 'datacenter-2' }, 'InvalidFolder: web01 is in another'],
    ['a clustered host', { type: 'host', clusterId: 'domain-c1' }, 'NotSupported: web01 stands in'],
  ])('refuses %s', (_, change, reason) => {
    const [first = '', ...others] = into(change);
    expect(first.startsWith(reason), first).toBe(true);
    expect(others).toEqual([]);
  });

  test('stands at most so deep in others', () => {
    const moved = { id: 'group-v99', type: 'folder' as const };
    expect(into(moved, 2, FOLDER_DEPTH_MAX - 2)).toEqual([]);
    expect(into(moved, 3, FOLDER_DEPTH_MAX - 2)).toHaveLength(1);
    const parent = { ...web, folderPath: below(FOLDER_DEPTH_MAX) };
    expect(createFolderReasons(parent)).toMatchObject([{ fault: 'InvalidFolder' }]);
    const higher = { ...web, folderPath: below(FOLDER_DEPTH_MAX - 1) };
    expect(createFolderReasons(higher)).toEqual([]);
  });

  test('refuses two of one name, whether it has one or both come at once', () => {
    const twin = { ...vm, id: 'group-v7', type: 'folder' as const };
    const namesake = { id: 'group-v8', name: 'web01', type: 'folder' as const };
    const destination = { ...web, folderPath: ['group-v1'] };
    const moved = { object: vm, namesake, levels: 0 };
    expect(judgeMoveInto(destination, [moved]).reasons).toMatchObject([{ fault: 'DuplicateName' }]);
    const both = [
      { ...moved, namesake: null },
      { object: twin, namesake: null, levels: 1 },
    ];
    expect(judgeMoveInto(destination, both).reasons).toMatchObject([{ fault: 'DuplicateName' }]);
  });
});

test('hosts keep their names, and a name is given once', () => {
  expect(renameReasons(vm)).toEqual([]);
  const host = { id: 'host-1', name: 'esx01', type: 'host' as const };
  expect(renameReasons(host)).toMatchObject([{ fault: 'NotSupported', objects: ['host-1'] }]);
  expect(namesakeReasons('web01', vm)).toMatchObject([
    { fault: 'DuplicateName', message: 'There is a virtual machine web01 already.' },
  ]);
});

test('what is to be deleted is empty, and of a kind that is deleted so', () => {
  const first = [1, 2, 3, 4, 5].map((number) => ({ id: `vm-${number}`, name: `web0${number}` }));
  expect(deleteReasons(web, [{ type: 'vm', count: 0, first: [] }])).toEqual([]);
  expect(deleteReasons(web, [{ type: 'vm', count: 12, first }])).toMatchObject([
    {
      fault: 'ResourceInUse',
      message: 'Web holds 12 virtual machines: web01, web02, web03, web04, web05 and 7 more.',
    },
  ]);
  expect(deleteReasons(vm, [])).toMatchObject([{ fault: 'NotSupported' }]);
});

describe('tags', () => {
  const site = { id: 'tagcategory-1', name: 'Site', multiple: false, associableTypes: [] };
  const tag = (
    name: string,
    isNew: boolean,
    category: Parameters<typeof judgeCategoryChange>[0],
  ) => ({
    ...{ id: `tag-${name}`, name, category, isNew },
  });
  const words = (...tags: ReturnType<typeof tag>[]) =>
    judgeTags(vm, tags).reasons.map(({ message }) => message);

  test('are one of a category, or several where it allows that', () => {
    expect(words(tag('Graz', true, site))).toEqual([]);
    expect(words(tag('Graz', false, site), tag('Linz', true, site))).toEqual([
      'Of the category Site an object has one tag at most; web01 would have Graz and Linz.',
    ]);
    const many = { ...site, multiple: true };
    expect(words(tag('Graz', false, many), tag('Linz', true, many))).toEqual([]);
  });

  test('are for the objects of their category; one that is there already may stay', () => {
    const hosts = { ...site, associableTypes: ['host', 'cluster'] as const };
    expect(words(tag('Graz', true, hosts))).toEqual([
      'Graz is of the category Site, whose tags are for hosts, clusters alone.',
    ]);
    expect(words(tag('Graz', false, hosts))).toEqual([]);
  });

  test('keep a category that is widened, and never narrowed', () => {
    const wide = { multiple: true, associableTypes: [] };
    const narrow = { multiple: false, associableTypes: ['vm'] as const };
    const ofVms = { ...site, ...narrow };
    expect(judgeCategoryChange(ofVms, wide).allowed).toBe(true);
    expect(judgeCategoryChange({ ...site, ...wide }, narrow).reasons).toHaveLength(2);
    const types = { multiple: false, associableTypes: ['host'] as const };
    expect(judgeCategoryChange(ofVms, types).reasons).toHaveLength(1);
  });
});
