'use client';
// Moves virtual machines into a resource pool; they run on where they are. URL: `pool`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useResourcePool } from '#lib/client/use-inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

/** Rows that are shown at a time; the field above narrows them. */
const SHOWN = 50;

export function AssignToPoolDialog({ param, close }: UrlDialogProps) {
  const poolId = param('pool') ?? '';
  const pool = useResourcePool(poolId);
  const { mutateAsync } = useChange('assignToPool');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [words, setWords] = useState('');
  const body = { poolId, vmIds: [...chosen] };
  const nothing = chosen.length === 0 ? 'Choose a virtual machine.' : null;
  return (
    <ConfirmDialog
      open
      onClose={close}
      size="medium"
      title={`Move virtual machines into ${pool.data?.name ?? 'the resource pool'}`}
      verb="Move"
      disabledReason={reasonOf(pool.data?.actions.assignVms) ?? nothing}
      onConfirm={() => mutateAsync({ body })}
      call={apiCall('assignToPool', {}, body)}
    >
      <QueryState query={pool} lines={4}>
        {({ others, owner }) => {
          const found = others.filter(({ name }) =>
            name.toLowerCase().includes(words.toLowerCase()),
          );
          return (
            <>
              <TextField label="Find" type="search" value={words} onChange={setWords} />
              <div className="max-h-72 space-y-1 overflow-auto">
                {found.slice(0, SHOWN).map(({ id, name }) => (
                  <Checkbox
                    key={id}
                    label={name}
                    checked={chosen.includes(id)}
                    onChange={(checked) =>
                      setChosen(checked ? [...chosen, id] : chosen.filter((one) => one !== id))
                    }
                  />
                ))}
              </div>
              <p className="text-muted">
                {found.length === 0
                  ? `No other virtual machine of ${owner.name} is called so.`
                  : `${Math.min(found.length, SHOWN)} of ${found.length} shown. ` +
                    'They run on where they are.'}
              </p>
            </>
          );
        }}
      </QueryState>
    </ConfirmDialog>
  );
}
