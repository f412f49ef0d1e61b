'use client';
// Puts a VIB or a trace into the depot; a refused file says what is wrong with it.
import { Upload } from 'lucide-react';
import { useRouter } from 'next/navigation';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useUploadTraceFile } from '#lib/client/use-policies.ts';
import { formatCount, formatNoun } from '../format/quantities.ts';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { showToast } from '../ui/overlays/toast.tsx';
import { FileDrop } from './file-drop.tsx';
import { VibUpload } from './vib-upload.tsx';

export function UploadVibDialog({ close }: UrlDialogProps) {
  const router = useRouter();
  return (
    <Dialog open onClose={close} title="Upload a VIB">
      <VibUpload
        onAdded={(added) => {
          showToast('ok', `${formatNoun(added.length, 'VIB')} added to the depot`);
          const [only] = added;
          close();
          if (only && added.length === 1) router.push(`/depot/vibs/${only.id}`);
        }}
      />
    </Dialog>
  );
}

export function UploadTraceDialog({ close }: UrlDialogProps) {
  const upload = useUploadTraceFile();
  return (
    <Dialog open onClose={close} title="Upload a trace">
      <FileDrop
        icon={Upload}
        label="Upload a vSCSI trace"
        hint="A binary trace of VMware’s vscsiStats, version 1 or 2."
        accept="*"
        busy={upload.isPending}
        error={upload.error}
        onFile={(file) =>
          upload.mutate(
            { query: { fileName: file.name }, file },
            {
              onSuccess: ({ name, records }) => {
                showToast('ok', `${name} added`, `${formatCount(records)} I/Os`);
                close();
              },
            },
          )
        }
      />
    </Dialog>
  );
}
