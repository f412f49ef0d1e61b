'use client';
// Move a host into a cluster or out of all, after saying whether that is possible and what it does
// to the host's I/O filters. URL: `host`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useCall, useChange } from '#lib/client/use-call.ts';
import { useHost, useInventory } from '#lib/client/use-inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Select } from '../ui/forms/select.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { VerdictBanner } from '../ui/states/verdict-banner.tsx';

/** The choice of no cluster: a standalone host. */
const ALONE = 'alone';

export function MoveHostDialog({ param, close }: UrlDialogProps) {
  const id = param('host') ?? '';
  const host = useHost(id);
  const inventory = useInventory();
  const [chosen, setChosen] = useState<string | null>(null);
  const { mutateAsync } = useChange('moveHost');
  const clusterId = chosen === ALONE ? null : chosen;
  const query = clusterId === null ? {} : { clusterId };
  const check = useCall('checkMoveHost', { params: { id }, query }, { enabled: chosen !== null });
  const verdict = chosen === null ? undefined : check.data;
  const clusters = (inventory.data?.nodes ?? []).filter(({ kind }) => kind === 'cluster');
  const places = [
    ...clusters.map((node) => ({ value: node.id, label: node.name })),
    { value: ALONE, label: 'No cluster: a standalone host' },
  ];
  const leaves = host.data?.cluster;
  const here = leaves?.id ?? ALONE;
  const body = { clusterId };
  return (
    <ConfirmDialog
      open
      onClose={close}
      size="medium"
      title={`Move ${host.data?.name ?? 'the host'}`}
      verb="Move"
      disabledReason={chosen === null ? 'Choose where it goes first.' : reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params: { id }, body })}
      call={chosen === null ? undefined : apiCall('moveHost', { id }, body)}
    >
      <Select
        label="To"
        value={chosen}
        options={places.filter(({ value }) => value !== here)}
        onChange={setChosen}
        placeholder="Choose a cluster…"
      />
      <p className="text-muted">
        {leaves && `The host loses the I/O filters of ${leaves.name}. `}
        {chosen !== ALONE &&
          'It gets the I/O filters of the cluster that it joins. Until it has them, no virtual ' +
            'machine that needs one goes there.'}
      </p>
      {chosen !== null && (
        <VerdictBanner verdict={verdict} error={check.error} ok="The host can be moved" />
      )}
    </ConfirmDialog>
  );
}
