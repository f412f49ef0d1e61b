'use client';
// Dialogs are opened through the URL (`?dialog=migrate&vm=vm-12`), so that tree, menus and pages
// need not know who draws them, a link opens one, and Back closes it. This file is the convention;
// app/(console)/dialogs.tsx draws them.
import { useSearchParams } from 'next/navigation';
import { useCallback } from 'react';
import { writeUrlParams } from '#components/ui/use-url-param.ts';

/** Every dialog with the parameters that it takes; ids as in the inventory. */
export const DIALOGS = {
  /** `move`: host, storage or both. */
  migrate: ['vm', 'host', 'move'],
  /** `to`: a power state, or `reset`. */
  power: ['vm', 'to'],
  takeSnapshot: ['vm'],
  revertSnapshot: ['vm', 'snapshot'],
  renameSnapshot: ['vm', 'snapshot'],
  /** `scope`: one, children or all. */
  removeSnapshot: ['vm', 'snapshot', 'scope'],
  consolidate: ['vm'],
  addDisk: ['vm'],
  growDisk: ['vm', 'disk'],
  removeDisk: ['vm', 'disk'],
  /** `to`: vm, linked or template. */
  clone: ['vm', 'snapshot', 'to'],
  /** `to`: template or vm. */
  markTemplate: ['vm', 'to'],
  deleteVm: ['vm'],
  importVm: ['host', 'cluster'],
  createDatastore: ['host'],
  /** `to`: mount or unmount. */
  mountDatastore: ['datastore', 'host', 'to'],
  deleteDatastore: ['datastore'],
  /** `detach`: a filter, which no disk shall have. */
  editPolicies: ['vm', 'disk', 'detach'],
  startWorkload: ['vm', 'disk'],
  maintenance: ['host', 'to'],
  connection: ['host', 'to'],
  addHost: ['cluster'],
  moveHost: ['host'],
  removeHost: ['host'],
  configureFlash: ['host', 'to'],
  removeFlashContent: ['host', 'content'],
  installFilter: ['cluster', 'vib'],
  upgradeFilter: ['cluster', 'filter'],
  uninstallFilter: ['cluster', 'filter'],
  editDrs: ['cluster'],
  editHa: ['cluster'],
  restartPriority: ['cluster', 'vm'],
  policy: ['policy'],
  deletePolicy: ['policy'],
  addKeyProvider: [],
  addKmipProvider: [],
  changeKeyServer: ['provider'],
  checkKeyProvider: ['provider'],
  defaultKeyProvider: ['provider'],
  deleteKeyProvider: ['provider'],
  backUpKeyProvider: ['provider'],
  restoreKeyProvider: [],
  recrypt: ['vm'],
  pairTarget: [],
  renameTarget: ['target'],
  checkTarget: ['target'],
  removeTarget: ['target'],
  /** `at`: milliseconds; `kind`: recover or test. */
  recover: ['vm', 'at', 'kind'],
  addBookmark: ['vm'],
  endTest: ['vm'],
  /** `at`: milliseconds; `kind`: failover or move. */
  failOver: ['vm', 'at', 'kind'],
  undoFailover: ['vm'],
  commitFailover: ['vm'],
  renameObject: ['object'],
  /** `to`: where it shall go, chosen beforehand. */
  moveObject: ['object', 'to'],
  deleteObject: ['object'],
  /** `type`: vm or host. */
  createFolder: ['parent', 'type'],
  createCluster: ['parent'],
  createDatacenter: [],
  createPool: ['parent'],
  editPool: ['pool'],
  deletePool: ['pool'],
  assignToPool: ['pool'],
  assignTags: ['object'],
  customValues: ['object'],
  tagCategory: ['category'],
  deleteTagCategory: ['category'],
  tag: ['tag', 'category'],
  deleteTag: ['tag'],
  customField: ['field'],
  deleteCustomField: ['field'],
  uploadVib: [],
  deleteVib: ['vib'],
  addOnlineDepot: [],
  changeOnlineDepot: ['depot'],
  removeOnlineDepot: ['depot'],
  uploadTrace: [],
  changePassword: [],
} as const satisfies Record<string, readonly string[]>;

export type DialogName = keyof typeof DIALOGS;
export type DialogParams<Name extends DialogName> = Partial<
  Record<(typeof DIALOGS)[Name][number], string>
>;

const ALL_PARAMS = new Set<string>(Object.values(DIALOGS).flat());

function isDialogName(name: string | null): name is DialogName {
  return name !== null && Object.hasOwn(DIALOGS, name);
}

/**
 * Opens a dialog over the present page. `migrate` with `host` comes with that host already chosen.
 */
export function openDialog<Name extends DialogName>(name: Name, params: DialogParams<Name>): void {
  const changes: Record<string, string | null> = { dialog: name };
  for (const key of ALL_PARAMS) changes[key] = null;
  for (const [key, value] of Object.entries<string | undefined>(params)) {
    if (value !== undefined) changes[key] = value;
  }
  writeUrlParams(changes, 'push');
}

function closeDialog(): void {
  const changes: Record<string, string | null> = { dialog: null };
  for (const key of ALL_PARAMS) changes[key] = null;
  writeUrlParams(changes, 'replace');
}

/** Which dialog the URL asks for, its parameters, and how to close it. */
export function useDialog(): {
  name: DialogName | null;
  param: (key: string) => string | null;
  close: () => void;
} {
  const search = useSearchParams();
  const wanted = search.get('dialog');
  const param = useCallback((key: string) => search.get(key), [search]);
  return { name: isDialogName(wanted) ? wanted : null, param, close: closeDialog };
}
