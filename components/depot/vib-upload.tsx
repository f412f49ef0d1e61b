'use client';
// Picks or takes by drop a VIB or an offline bundle and puts it into the depot; says at once what
// is wrong with it.
// Props: `onAdded` with what was found in it. The server verifies structure, signature and
// checksums.
import { Upload } from 'lucide-react';
import { useUploadVib } from '#lib/client/use-policies.ts';
import type { DepotVibView } from '#lib/wire/api/operations.ts';
import { FileDrop } from './file-drop.tsx';

export function VibUpload({ onAdded }: { onAdded: (vibs: DepotVibView[]) => void }) {
  const upload = useUploadVib();
  return (
    <FileDrop
      icon={Upload}
      label="Upload a VIB or offline bundle"
      hint="A .vib file, or a .zip offline bundle. Signature and checksums are verified first."
      accept=".vib,.zip"
      busy={upload.isPending}
      error={upload.error}
      onFile={(file) =>
        upload.mutate({ query: { fileName: file.name }, file }, { onSuccess: onAdded })
      }
    />
  );
}
