'use client';
// Draws the dialog that the URL asks for. Each gets its parameters and the way to close itself; it
// is made anew for each opening, so that nothing typed in the last one is left over.
import type { ComponentType } from 'react';
import { DIALOGS, type DialogName, useDialog } from './dialog-url.ts';

export interface UrlDialogProps {
  /** A parameter of the URL: `param('vm')`. */
  param: (key: string) => string | null;
  close: () => void;
}

export type DialogTable = Partial<Record<DialogName, ComponentType<UrlDialogProps>>>;

export function DialogOutlet({ dialogs }: { dialogs: DialogTable }) {
  const { name, param, close } = useDialog();
  const Drawn = name && dialogs[name];
  if (!name || !Drawn) return null;
  const key = [name, ...DIALOGS[name].map((one) => param(one) ?? '')].join(' ');
  return <Drawn key={key} param={param} close={close} />;
}
