'use client';
// Asks before something is done. What will be lost is named; what cannot be undone wants its name
// typed.
// Props: `title`, `children` (what will happen), `verb` on the button, `danger`, `typed` (the word
// to type), `call` (the same as a call), `disabledReason`, `size`, `onConfirm` (its failure is
// shown in the dialog), `onClose`.
import { type ReactNode, useState } from 'react';
import { Button } from '../button.tsx';
import type { DisabledReason } from '../disabled-reason.tsx';
import { TextField } from '../forms/text-field.tsx';
import { type ApiCall, SameAsCall } from '../same-as-call.tsx';
import { ErrorState } from '../states/error-state.tsx';
import { Dialog } from './dialog.tsx';
import { useSubmit } from './use-submit.ts';

export interface ConfirmDialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  verb: string;
  danger?: boolean;
  typed?: string;
  call?: ApiCall;
  disabledReason?: DisabledReason;
  size?: 'small' | 'medium';
  onConfirm: () => Promise<unknown>;
  children: ReactNode;
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const { open, onClose, title, verb, danger = false, typed, disabledReason } = props;
  const { size = 'small' } = props;
  const [text, setText] = useState('');
  const { busy, error, submit } = useSubmit();
  const missing = typed && text !== typed ? `Type ${typed} to confirm.` : null;
  const confirm = () =>
    submit(async () => {
      await props.onConfirm();
      onClose();
    });
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      size={size}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant={danger ? 'danger' : 'primary'}
            busy={busy}
            disabledReason={disabledReason ?? missing}
            onClick={() => void confirm()}
          >
            {verb}
          </Button>
        </>
      }
    >
      <div className="space-y-3">
        {props.children}
        {typed && <TextField label={`Type ${typed} to confirm`} value={text} onChange={setText} />}
        {props.call && <SameAsCall call={props.call} />}
        {error !== null && <ErrorState error={error} compact />}
      </div>
    </Dialog>
  );
}
