'use client';
// Import a virtual machine: upload its files, see what they hold, say where it shall run, and the
// verdict on that. URL: `host` or `cluster` (chosen beforehand).
import { Upload } from 'lucide-react';
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { type ImportUpload, useImportCheck, useImportUpload } from '#lib/client/use-import.ts';
import { useDatastores, useHosts } from '#lib/client/use-inventory.ts';
import type { DatastoreSummary } from '#lib/wire/api/datastores.ts';
import type { ImportView } from '#lib/wire/api/imports.ts';
import type { HostSummary } from '#lib/wire/api/inventory.ts';
import { FileDrop } from '../depot/file-drop.tsx';
import { apiCall } from '../tasks/api-call.ts';
import { Button } from '../ui/button.tsx';
import { type DisabledReason, reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { showToast } from '../ui/overlays/toast.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { VerdictBanner } from '../ui/states/verdict-banner.tsx';
import { FoundVm } from './found-vm.tsx';
import { type ImportPlace, ImportPlaceFields, importBody } from './import-place.tsx';
import { ServerFilePicker } from './server-file-picker.tsx';

export function ImportVmDialog({ param, close }: UrlDialogProps) {
  const hosts = useHosts();
  const datastores = useDatastores();
  if (hosts.data && datastores.data) {
    const wanted = (host: HostSummary) =>
      host.id === param('host') || (param('cluster') && host.cluster?.id === param('cluster'));
    const host = hosts.data.find(wanted) ?? null;
    return <Form hosts={hosts.data} datastores={datastores.data} host={host} onClose={close} />;
  }
  return (
    <Dialog open onClose={close} title="Import a virtual machine">
      <QueryState query={hosts}>{() => null}</QueryState>
      {hosts.data && <QueryState query={datastores}>{() => null}</QueryState>}
    </Dialog>
  );
}

interface FormProps {
  hosts: readonly HostSummary[];
  datastores: readonly DatastoreSummary[];
  host: HostSummary | null;
  onClose: () => void;
}

function Form({ hosts, datastores, host, onClose }: FormProps) {
  const upload = useImportUpload();
  const { found } = upload;
  const { mutateAsync } = useChange('importVm');
  const [place, setPlace] = useState<ImportPlace>({
    ...{ name: null, hostId: host?.id ?? null, datastoreId: null, powerOn: false },
  });
  const body = found && found.missing.length === 0 ? importBody(found, place) : null;
  const check = useImportCheck(found?.id ?? null, body);
  const params = { id: found?.id ?? '' };
  const start = async () => {
    if (!body) return;
    await mutateAsync({ params, body });
    upload.keep();
    showToast('info', `${body.name} is being imported`, 'It stands in Recent Tasks.');
  };
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      size="medium"
      title="Import a virtual machine"
      verb="Import"
      disabledReason={blockedBy(found, body !== null) ?? reasonOf(check.data)}
      onConfirm={start}
      {...(body && { call: apiCall('importVm', params, body) })}
    >
      <FileDrop
        icon={Upload}
        label={found ? 'Upload more of its files' : 'Upload its files'}
        hint="An .ova; an .ovf or .vmx with its disks; or disks alone: qcow2, VMDK, raw."
        accept=".ova,.ovf,.mf,.vmx,.vmdk,.qcow2,.raw,.img,.dd,.bin"
        busy={upload.percent !== null}
        percent={upload.percent}
        error={upload.error}
        onFiles={(files) => void upload.send(files)}
      />
      <ServerFiles upload={upload} />
      {found && <FoundVm found={found} />}
      {found && found.missing.length === 0 && (
        <>
          <ImportPlaceFields
            found={found}
            hosts={hosts}
            datastores={datastores}
            place={place}
            set={(changes) => setPlace({ ...place, ...changes })}
          />
          {body && (
            <VerdictBanner verdict={check.data} error={check.error} ok="It can be imported" />
          )}
        </>
      )}
    </ConfirmDialog>
  );
}

/** Beside the upload, for files that are too large to be sent by a browser. */
function ServerFiles({ upload }: { upload: ImportUpload }) {
  const [isOpen, setOpen] = useState(false);
  if (isOpen) return <ServerFilePicker upload={upload} />;
  return (
    <Button variant="ghost" onClick={() => setOpen(true)}>
      Use files on the server
    </Button>
  );
}

function blockedBy(found: ImportView | null, isPlaced: boolean): DisabledReason {
  if (!found) return 'Upload the files of the virtual machine first, or choose them.';
  if (found.missing.length > 0) return 'Files of it are missing.';
  return isPlaced ? null : 'Choose a name, a host and a datastore.';
}
