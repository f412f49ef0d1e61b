'use client';
// Chooses files that the server itself can read, and takes the companions that they need from the
// same folder. Props: `upload`.
import { useState } from 'react';
import { useCall } from '#lib/client/use-call.ts';
import type { ImportUpload } from '#lib/client/use-import.ts';
import type { ServerFiles } from '#lib/wire/api/imports.ts';
import { formatBytes } from '../format/quantities.ts';
import { Button } from '../ui/button.tsx';
import { Select } from '../ui/forms/select.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function ServerFilePicker({ upload }: { upload: ImportUpload }) {
  const listed = useCall('listServerFiles', {});
  const [chosen, setChosen] = useState<string | null>(null);
  const { reading } = upload;
  return (
    <QueryState query={listed}>
      {({ folders, files, isComplete }) => (
        <div className="space-y-2">
          <Select
            label="File on the server"
            placeholder={files.length === 0 ? 'There is none' : 'Choose…'}
            options={files.filter(isFirst).map(({ path, sizeBytes }) => ({
              ...{ value: path, label: path, help: formatBytes(sizeBytes) },
            }))}
            value={chosen}
            onChange={setChosen}
            disabled={reading !== null}
            help={helpOf(folders, isComplete)}
          />
          <div className="flex items-center gap-3">
            <Button
              busy={reading !== null}
              disabledReason={chosen === null ? 'Choose a file first.' : null}
              onClick={() => void (chosen && upload.read(chosen, files))}
            >
              Read it
            </Button>
            <Button variant="ghost" busy={listed.isFetching} onClick={() => void listed.refetch()}>
              Look again
            </Button>
            {reading && <span className="text-sm text-muted">Reading {reading}…</span>}
          </div>
        </div>
      )}
    </QueryState>
  );
}

/** Manifests and extents come with the file that names them. */
function isFirst({ path }: ServerFiles['files'][number]): boolean {
  return !/(?:\.mf|-flat\.vmdk)$/i.test(path);
}

function helpOf(folders: readonly string[], isComplete: boolean): string {
  const where = `Put files into ${folders.join(' or ')}; SLUICE_IMPORT_FOLDERS names more folders.`;
  return isComplete ? where : `${where} There are more files than are listed.`;
}
