'use client';
// Dialogs about online depots: add one, change how often it is synchronised, remove it.
// URL: `depot`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useOnlineDepots } from '#lib/client/use-policies.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { INTERVALS, intervalWords } from './sync-intervals.ts';

export function AddOnlineDepotDialog({ close }: UrlDialogProps) {
  const { mutateAsync } = useChange('addOnlineDepot');
  const [url, setUrl] = useState('');
  const [minutes, setMinutes] = useState(24 * 60);
  const body = { url: url.trim(), intervalMinutes: minutes };
  return (
    <ConfirmDialog
      open
      onClose={close}
      size="medium"
      title="Add an online depot"
      verb="Add"
      disabledReason={
        /^https?:\/\/./.test(body.url) ? undefined : 'Enter a URL that begins with http or https.'
      }
      onConfirm={() => mutateAsync({ body })}
      call={apiCall('addOnlineDepot', {}, body)}
    >
      <TextField
        label="URL"
        required
        value={url}
        onChange={setUrl}
        placeholder="https://depot.example.com/index.xml"
        help="An index.xml or the folder that it is in, an offline bundle, or a VIB."
      />
      <IntervalField minutes={minutes} onChange={setMinutes} />
      <p className="text-muted">
        Its VIBs are downloaded at once. Signatures and checksums are verified as those of an
        upload; when one VIB is refused, none is taken. VIBs that it ceases to offer are deleted
        unless a cluster uses them.
      </p>
    </ConfirmDialog>
  );
}

export function ChangeOnlineDepotDialog({ param, close }: UrlDialogProps) {
  const depot = useOnlineDepot(param('depot'));
  const id = depot?.id ?? '';
  const { mutateAsync } = useChange('changeOnlineDepot');
  const [chosen, setMinutes] = useState<number | null>(null);
  const intervalMinutes = chosen ?? depot?.intervalMinutes ?? 0;
  return (
    <ConfirmDialog
      open
      onClose={close}
      title="Schedule of an online depot"
      verb="Change"
      disabledReason={reasonOf(depot?.actions.change)}
      onConfirm={() => mutateAsync({ params: { id }, body: { intervalMinutes } })}
      call={apiCall('changeOnlineDepot', { id }, { intervalMinutes })}
    >
      <p className="break-all">{depot?.url}</p>
      <IntervalField minutes={intervalMinutes} onChange={setMinutes} />
    </ConfirmDialog>
  );
}

export function RemoveOnlineDepotDialog({ param, close }: UrlDialogProps) {
  const depots = useOnlineDepots();
  const depot = useOnlineDepot(param('depot'));
  const id = depot?.id ?? '';
  const { mutateAsync } = useChange('removeOnlineDepot');
  return (
    <ConfirmDialog
      open
      onClose={close}
      danger
      title="Remove an online depot"
      verb="Remove"
      disabledReason={reasonOf(depot?.actions.remove)}
      onConfirm={() => mutateAsync({ params: { id } })}
      call={apiCall('removeOnlineDepot', { id })}
    >
      <QueryState query={depots} lines={2}>
        {() => (
          <p className="break-words">
            {`${depot?.url ?? 'It'} is not synchronized any more. VIBs that came from it stay in ` +
              'the depot.'}
          </p>
        )}
      </QueryState>
    </ConfirmDialog>
  );
}

function useOnlineDepot(id: string | null | undefined) {
  return useOnlineDepots().data?.find((depot) => depot.id === id);
}

function IntervalField({
  minutes,
  onChange,
}: {
  minutes: number;
  onChange: (minutes: number) => void;
}) {
  const known = INTERVALS.some((interval) => interval.minutes === minutes);
  const all = known ? INTERVALS : [...INTERVALS, { minutes, label: intervalWords(minutes) }];
  return (
    <Select
      label="Synchronize"
      value={String(minutes)}
      onChange={(value) => onChange(Number(value))}
      options={all.map((interval) => ({ value: String(interval.minutes), label: interval.label }))}
    />
  );
}
