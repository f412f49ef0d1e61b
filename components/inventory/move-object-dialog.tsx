'use client';
// Move an object into a folder of its datacenter, or out of all, after saying whether that is
// possible. URL: `object`, `to` (chosen beforehand).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useInventory, useObject } from '#lib/client/use-inventory.ts';
import { useMoveCheck } from '#lib/client/use-operations.ts';
import { kindOf } from '#lib/model/object-kind.ts';
import type { InventoryNode } from '#lib/wire/api/inventory.ts';
import { datacenterOf, pathTo } from '../shell/tree/tree-model.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Select, type SelectOption } from '../ui/forms/select.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { VerdictBanner } from '../ui/states/verdict-banner.tsx';

export function MoveObjectDialog({ param, close }: UrlDialogProps) {
  const id = param('object') ?? '';
  const object = useObject(id);
  const inventory = useInventory();
  const { mutateAsync } = useChange('moveObjects');
  const [chosen, setChosen] = useState(param('to'));
  const check = useMoveCheck(chosen, [id]);
  const verdict = chosen === null ? undefined : check.data;
  const view = object.data;
  const here = view?.folder?.id ?? view?.datacenter?.id;
  const places = placesFor(inventory.data?.nodes ?? [], id).filter(({ value }) => value !== here);
  const body = { objectIds: [id] };
  const destination = { id: chosen ?? '' };
  return (
    <ConfirmDialog
      open
      onClose={close}
      size="medium"
      title={`Move ${view?.name ?? 'the object'}`}
      verb="Move"
      disabledReason={chosen === null ? 'Choose where it goes first.' : reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params: destination, body })}
      call={chosen === null ? undefined : apiCall('moveObjects', destination, body)}
    >
      <Select
        label="To"
        value={chosen}
        options={places}
        onChange={setChosen}
        placeholder="Choose a folder…"
        help={places.length === 0 ? 'There is no other folder; make one first.' : undefined}
      />
      <p className="text-muted">
        Where it runs and what it holds stays as it is. The permissions of its new folder hold for
        it, and those of the old one no longer.
      </p>
      {chosen !== null && (
        <VerdictBanner verdict={verdict} error={check.error} ok="It can be moved there" />
      )}
    </ConfirmDialog>
  );
}

/** Its datacenter and the folders of its kind there, by path. */
function placesFor(nodes: readonly InventoryNode[], id: string): SelectOption<string>[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const node = byId.get(id);
  const datacenter = node && byId.get(datacenterOf(node, byId) ?? '');
  if (!node || !datacenter) return [];
  const wanted = node.kind === 'vm' || node.kind === 'vmFolder' ? 'vmFolder' : 'hostFolder';
  // Without the objects in them, which may be thousands.
  const places = nodes.filter(({ kind }) => kind === wanted || kind === 'datacenter');
  const folders = places
    .filter(({ kind }) => kind === wanted)
    .map((folder) => ({ folder, path: pathTo(places, folder.id) }))
    .filter(({ path }) => path[0]?.id === datacenter.id && !path.some((one) => one.id === id))
    .map(({ folder, path }) => ({
      value: folder.id,
      label: path
        .slice(1)
        .map(({ name }) => name)
        .join(' / '),
    }))
    .sort((a, b) => (a.label < b.label ? -1 : 1));
  const top = { value: datacenter.id, label: datacenter.name, help: 'The datacenter: no folder' };
  return kindOf(id) === 'datacenter' ? [] : [top, ...folders];
}
