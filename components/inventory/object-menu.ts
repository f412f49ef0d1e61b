'use client';
// What can be done with any object of the inventory, as entries of its menus: name, place, tags,
// custom attributes, what is made in it, and its end.
import { openDialog } from '#components/shell/dialog-url.ts';
import { useObject } from '#lib/client/use-inventory.ts';
import { inventoryTypeOf, kindOf } from '#lib/model/object-kind.ts';
import type { Verdict } from '#lib/model/verdict.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import type { MenuEntry, MenuItem } from '../ui/overlays/menu-item.ts';

type Verdicts = Record<string, Verdict> | undefined;

/** Nothing for what is no inventory object. */
export function useObjectMenu(id: string): readonly MenuItem[] {
  const type = inventoryTypeOf(id);
  const { data } = useObject(id, { enabled: type !== null });
  if (type === null) return [];
  const verdicts = data?.actions;
  const object = { object: id };
  return [
    ...placeItems(id, verdicts),
    // Hosts keep the name by which they were added.
    ...(type === 'host'
      ? []
      : [item('Rename…', verdicts?.rename, () => openDialog('renameObject', object))]),
    ...(data && !data.actions.move
      ? []
      : [item('Move to folder…', verdicts?.move, () => openDialog('moveObject', object))]),
    {
      ...{ id: 'labels', label: 'Tags and custom attributes' },
      entries: [
        item('Assign tags…', verdicts?.assignTags, () => openDialog('assignTags', object)),
        item('Edit custom attributes…', verdicts?.setCustomValues, () =>
          openDialog('customValues', object),
        ),
      ],
    },
    ...deletion(id, data?.actions.delete),
  ];
}

function placeItems(id: string, verdicts: Verdicts): MenuItem[] {
  const kind = kindOf(id);
  const isDatacenter = kind === 'datacenter';
  const folder = (type: 'vm' | 'host') => () => openDialog('createFolder', { parent: id, type });
  const items: MenuItem[] = [];
  if (isDatacenter) {
    items.push(item('New datacenter…', verdicts?.createDatacenter, openNewDatacenter));
  }
  if (isDatacenter || kind === 'hostFolder') {
    items.push(
      item('New cluster…', verdicts?.createCluster, () =>
        openDialog('createCluster', { parent: id }),
      ),
      item('New host and cluster folder…', verdicts?.createHostFolder, folder('host')),
    );
  }
  if (isDatacenter || kind === 'vmFolder') {
    items.push(item('New VM and template folder…', verdicts?.createVmFolder, folder('vm')));
  }
  if (verdicts?.createPool) {
    items.push(
      item('New resource pool…', verdicts.createPool, () =>
        openDialog('createPool', { parent: id }),
      ),
    );
  }
  return items.length > 0 ? [...items, 'separator'] : [];
}

function openNewDatacenter(): void {
  openDialog('createDatacenter', {});
}

function deletion(id: string, verdict: Verdict | undefined): MenuItem[] {
  if (!verdict) return [];
  const entry = item('Delete…', verdict, () => openDialog('deleteObject', { object: id }));
  return ['separator', { ...entry, danger: true }];
}

function item(label: string, verdict: Verdict | undefined, onSelect: () => void): MenuEntry {
  return { id: label, label, disabledReason: reasonOf(verdict), onSelect };
}
