'use client';
// Moves virtual machines into a resource pool; they run on where they are. The server searches
// those of its cluster or host. URL: `pool`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useCall, useChange } from '#lib/client/use-call.ts';
import { useResourcePool } from '#lib/client/use-inventory.ts';
import { kindOf } from '#lib/model/object-kind.ts';
import type { ResourcePoolView } from '#lib/wire/api/resources/resource-pools.ts';
import { formatCount } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

/** Rows that are shown at a time; the field above narrows them. */
const SHOWN = 50;
/** What the server sends at most. */
const READ_MAX = 1_000;

export function AssignToPoolDialog({ param, close }: UrlDialogProps) {
  const poolId = param('pool') ?? '';
  const pool = useResourcePool(poolId);
  const { mutateAsync } = useChange('assignToPool');
  const [chosen, setChosen] = useState<readonly string[]>([]);
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
        {(known) => <Choice pool={known} chosen={chosen} setChosen={setChosen} />}
      </QueryState>
    </ConfirmDialog>
  );
}

interface ChoiceProps {
  pool: ResourcePoolView;
  chosen: readonly string[];
  setChosen: (ids: readonly string[]) => void;
}

function Choice({ pool: { owner, vms }, chosen, setChosen }: ChoiceProps) {
  const [text, setText] = useState('');
  const words = text.replaceAll('"', '').toLowerCase();
  const place = kindOf(owner.id) === 'cluster' ? { clusterId: owner.id } : { hostId: owner.id };
  const search = words === '' ? '' : `name:"${words}"`;
  // Those that are in the pool already are among the answer: room for them beside those shown.
  const limit = Math.min(READ_MAX, SHOWN + vms.length);
  const found = useCall('queryVms', { query: { ...place, search, limit } });
  const inside = new Set(vms.map(({ id }) => id));
  const matchingInside = vms.filter(({ name }) => name.toLowerCase().includes(words)).length;
  return (
    <>
      <TextField label="Find" type="search" value={text} onChange={setText} />
      <QueryState query={found} lines={4}>
        {({ rows, matching }) => {
          const shown = rows.filter(({ id }) => !inside.has(id)).slice(0, SHOWN);
          const count = Math.max(shown.length, matching - matchingInside);
          return (
            <>
              <div className="max-h-72 space-y-1 overflow-auto">
                {shown.map(({ id, name }) => (
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
                {count === 0
                  ? `No other virtual machine of ${owner.name} is called so.`
                  : `${formatCount(shown.length)} of ${formatCount(count)} shown, ` +
                    `${formatCount(chosen.length)} chosen. They run on where they are.`}
              </p>
            </>
          );
        }}
      </QueryState>
    </>
  );
}
