'use client';
// A place to drop a file on, or to choose one by click or keyboard.
// Props: `label`, `hint`, `accept`, `icon`, `busy` while it is sent, `percent` of that where it is
// known, `error` of the last try, `onFile`, or `onFiles` where several may come at once.
import type { LucideIcon } from 'lucide-react';
import { type DragEvent, useId, useState } from 'react';
import { classNames } from '../ui/class-names.ts';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { ErrorState } from '../ui/states/error-state.tsx';

export interface FileDropProps {
  label: string;
  hint: string;
  accept: string;
  icon: LucideIcon;
  busy: boolean;
  percent?: number | null;
  error: Error | null;
  onFile?: (file: File) => void;
  onFiles?: (files: File[]) => void;
}

export function FileDrop(props: FileDropProps) {
  const { label, hint, accept, icon: Icon, busy, percent = null, error, onFile, onFiles } = props;
  const id = useId();
  const [over, setOver] = useState(false);
  const [name, setName] = useState('');
  const take = (files: FileList | null) => {
    const file = files?.[0];
    if (!file || busy) return;
    const all = onFiles ? [...files] : [file];
    setName(all.map((one) => one.name).join(', '));
    onFile?.(file);
    onFiles?.(all);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  return (
    <div className="space-y-2">
      <label
        htmlFor={id}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={classNames(
          'flex cursor-pointer flex-col items-center gap-1 rounded-lg border',
          'border-dashed px-4 py-6 text-center focus-within:outline-2',
          'focus-within:outline-focus hover:bg-hover',
          over ? 'border-accent bg-selected' : 'border-line-strong',
        )}
      >
        <Icon aria-hidden size={20} className="text-muted" />
        <span className="font-semibold">{label}</span>
        <span id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </span>
        <input
          id={id}
          type="file"
          accept={accept}
          multiple={onFiles !== undefined}
          aria-describedby={`${id}-hint`}
          className="sr-only"
          disabled={busy}
          onChange={(event) => {
            take(event.target.files);
            event.target.value = '';
          }}
        />
      </label>
      {busy && (
        <div className="space-y-1">
          <p>{`Sending and verifying ${name}`}</p>
          <ProgressBar value={percent} label={`Sending ${name}`} />
        </div>
      )}
      {error && !busy && <ErrorState error={error} compact title={`${name} was not taken`} />}
    </div>
  );
}
