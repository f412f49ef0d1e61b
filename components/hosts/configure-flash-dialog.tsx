'use client';
// Adds, resizes or removes the virtual flash resource of a host. URL: `host`, `to` (size, remove).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useHostFlash } from '#lib/client/use-inventory.ts';
import { GIB } from '#lib/model/limits.ts';
import { judgeFlashCapacity } from '#lib/rules/storage/flash-resource.ts';
import type { FlashView } from '#lib/wire/api/flash.ts';
import { bytesOf, sizeDraftOf } from '../disks/disk-size.ts';
import { SizeField } from '../disks/size-field.tsx';
import { formatBytes } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function ConfigureFlashDialog({ param, close }: UrlDialogProps) {
  const query = useHostFlash(param('host') ?? '');
  const removes = param('to') === 'remove';
  if (query.data) return <Form flash={query.data} removes={removes} close={close} />;
  return (
    <Dialog open onClose={close} title="Virtual flash resource">
      <QueryState query={query}>{() => null}</QueryState>
    </Dialog>
  );
}

interface FormProps {
  flash: FlashView;
  removes: boolean;
  close: () => void;
}

function Form({ flash, removes, close }: FormProps) {
  const { host, capacityBytes, actions } = flash;
  const { mutateAsync } = useChange('configureFlash');
  const [size, setSize] = useState(() => sizeDraftOf(capacityBytes || GIB));
  const wanted = removes ? 0 : bytesOf(size);
  const params = { id: host.id };
  const verdict = judgeFlashCapacity({ ...flash, wantedBytes: wanted ?? capacityBytes });
  const wrong = problemOf(wanted, capacityBytes);
  const verb = removes ? 'Remove' : capacityBytes === 0 ? 'Add' : 'Change';
  const body = { capacityBytes: wanted ?? 0 };
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`Virtual flash resource of ${host.name}`}
      verb={verb}
      danger={removes}
      disabledReason={reasonOf(actions.configure) ?? wrong ?? reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params, body })}
      call={apiCall('configureFlash', params, body)}
    >
      {verdict.allowed || <Banner tone="bad" title="Not possible now" reasons={verdict.reasons} />}
      <p>{wordsFor(flash, removes)}</p>
      {!removes && (
        <SizeField
          label="Capacity"
          value={size}
          error={wanted === null ? (wrong ?? undefined) : undefined}
          onChange={setSize}
        />
      )}
    </ConfirmDialog>
  );
}

function wordsFor({ host, capacityBytes, storeFreeBytes }: FlashView, removes: boolean): string {
  if (removes) {
    return `Caches that write back write through on ${host.name} until it has one again.`;
  }
  const free = `${formatBytes(storeFreeBytes)} are free on the local store of ${host.name}.`;
  if (capacityBytes > 0) return `It has ${formatBytes(capacityBytes)} now. ${free}`;
  return `${free} Disks that are open use it from their next power on or change of policy.`;
}

function problemOf(wanted: number | null, capacityBytes: number): string | null {
  if (wanted === null) return 'Enter a size from 1 MiB to 62 TiB.';
  return wanted === capacityBytes ? 'It has that capacity already.' : null;
}
