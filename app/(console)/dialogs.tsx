'use client';
// Every dialog by the name that opens it (components/shell/dialog-url.ts); their code is loaded when they are.
import dynamic from 'next/dynamic';
import { DialogOutlet, type DialogTable } from '#components/shell/dialog-outlet.tsx';

const DIALOG_TABLE: DialogTable = {
  changePassword: dynamic(() =>
    import('#components/shell/change-password-dialog.tsx').then(
      (file) => file.ChangePasswordDialog,
    ),
  ),
};

export function Dialogs() {
  return <DialogOutlet dialogs={DIALOG_TABLE} />;
}
