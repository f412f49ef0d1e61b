'use client';
// Backs a key provider up into a file, and restores one from it. URL: `provider`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { type KeyBackup, keyBackupSchema } from '#lib/wire/api/keys.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { FormRow } from '../ui/forms/form-row.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { useKeyProvider } from './key-provider-dialogs.tsx';

const LENGTH_MIN = 12;

export function BackUpKeyProviderDialog({ param, close }: UrlDialogProps) {
  const id = param('provider') ?? '';
  const provider = useKeyProvider(id);
  const { mutateAsync } = useChange('backUpKeyProvider');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const differs = again !== '' && again !== password;
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`Back up ${provider?.name ?? 'the key provider'}`}
      verb="Back up"
      disabledReason={
        reasonOf(provider?.actions.backUp) ??
        tooShort(password) ??
        (again === password ? null : 'Enter the same password twice.')
      }
      onConfirm={async () => {
        const backup = await mutateAsync({ params: { id }, body: { password } });
        saveFile(`${backup.provider}.keys.json`, JSON.stringify(backup, null, 2));
      }}
    >
      <p>
        The file holds all keys of the provider, sealed with a password. Without the password nobody
        can open it; it is kept nowhere.
      </p>
      <TextField
        label="Password"
        required
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
        help={`At least ${LENGTH_MIN} characters.`}
      />
      <TextField
        label="Password again"
        required
        type="password"
        autoComplete="new-password"
        value={again}
        onChange={setAgain}
        error={differs ? 'It is not the same.' : undefined}
      />
    </ConfirmDialog>
  );
}

export function RestoreKeyProviderDialog({ close }: UrlDialogProps) {
  const { mutateAsync } = useChange('restoreKeyProvider');
  const [backup, setBackup] = useState<KeyBackup | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [password, setPassword] = useState('');
  const read = async (file: File | undefined) => {
    const found = file ? parseBackup(await file.text()) : null;
    setBackup(found);
    setProblem(file && !found ? 'This is no backup of a key provider.' : null);
  };
  return (
    <ConfirmDialog
      open
      onClose={close}
      title="Restore a key provider"
      verb="Restore"
      disabledReason={backup ? tooShort(password) : 'Choose the file of a backup.'}
      onConfirm={async () => {
        if (backup) await mutateAsync({ body: { backup, password } });
      }}
    >
      <FormRow label="Backup" required htmlFor="key-backup" error={problem ?? undefined}>
        <input
          id="key-backup"
          type="file"
          accept=".json,application/json"
          onChange={(event) => void read(event.target.files?.[0])}
        />
      </FormRow>
      {backup && (
        <p>
          {`${backup.keyCount} keys of ${backup.provider}, of ${backup.createdAt.slice(0, 10)}. ` +
            'A provider of that name gets those that it lacks; otherwise it is added.'}
        </p>
      )}
      <TextField
        label="Password"
        required
        type="password"
        autoComplete="off"
        value={password}
        onChange={setPassword}
      />
    </ConfirmDialog>
  );
}

function tooShort(password: string): string | null {
  return password.length < LENGTH_MIN ? `Enter at least ${LENGTH_MIN} characters.` : null;
}

/** Null for what is no backup. */
function parseBackup(text: string): KeyBackup | null {
  try {
    return keyBackupSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Not JSON: said beside the field.
    return null;
  }
}

function saveFile(fileName: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}
