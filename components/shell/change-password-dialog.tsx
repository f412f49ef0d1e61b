'use client';
// Changes the password of who is signed in.
import { useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import { TextField } from '#components/ui/forms/text-field.tsx';
import { Dialog } from '#components/ui/overlays/dialog.tsx';
import { showToast } from '#components/ui/overlays/toast.tsx';
import { ErrorState } from '#components/ui/states/error-state.tsx';
import { useChangePassword } from '#lib/client/use-session.ts';
import type { UrlDialogProps } from './dialog-outlet.tsx';

const LENGTH_MIN = 10;

export function ChangePasswordDialog({ close }: UrlDialogProps) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const { mutate, isPending, error } = useChangePassword();
  const blocked = blockedBy({ current, next, again });
  const change = () =>
    mutate(
      { body: { currentPassword: current, newPassword: next } },
      {
        onSuccess: () => {
          showToast('ok', 'Password changed');
          close();
        },
      },
    );
  return (
    <Dialog
      open
      onClose={close}
      title="Change password"
      size="small"
      footer={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button
            type="submit"
            form="change-password"
            variant="primary"
            busy={isPending}
            disabledReason={blocked}
          >
            Change password
          </Button>
        </>
      }
    >
      <form
        id="change-password"
        className="space-y-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (!blocked) change();
        }}
      >
        <TextField
          label="Current password"
          type="password"
          autoComplete="current-password"
          value={current}
          onChange={setCurrent}
        />
        <TextField
          label="New password"
          type="password"
          autoComplete="new-password"
          help={`At least ${LENGTH_MIN} characters.`}
          value={next}
          onChange={setNext}
        />
        <TextField
          label="New password again"
          type="password"
          autoComplete="new-password"
          error={again !== '' && again !== next ? 'The two differ.' : undefined}
          value={again}
          onChange={setAgain}
        />
        {error && <ErrorState error={error} title="The password was not changed" compact />}
      </form>
    </Dialog>
  );
}

interface Typed {
  current: string;
  next: string;
  again: string;
}

function blockedBy({ current, next, again }: Typed): string | null {
  if (current === '') return 'Enter your current password.';
  if (next.length < LENGTH_MIN) return `Enter a new password of at least ${LENGTH_MIN} characters.`;
  return next === again ? null : 'Enter the new password twice, the same both times.';
}
