'use client';
// A value that people take elsewhere (an NBD address, an id): shown in full, copied with one click.
// Props: `text`, `label` (what it is, for the button's name), `block` for several lines.
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { systemClock } from '#lib/base/system-clock.ts';
import { IconButton } from './icon-button.tsx';

export interface CopyTextProps {
  text: string;
  label: string;
  block?: boolean;
}

export function CopyText({ text, label, block = false }: CopyTextProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = systemClock.after(1500, () => setCopied(false));
    return () => timer.cancel();
  }, [copied]);
  const copy = async () => setCopied(await writeClipboard(text));
  const icon = copied ? <Check size={14} className="text-ok" /> : <Copy size={14} />;
  const button = (
    <IconButton
      size="small"
      label={copied ? 'Copied' : `Copy ${label}`}
      icon={icon}
      onClick={() => void copy()}
    />
  );
  if (block) {
    return (
      <div className="relative rounded-md border border-line bg-sunken">
        <pre className="p-3 pr-9 font-mono text-sm wrap-anywhere whitespace-pre-wrap">{text}</pre>
        <div className="absolute top-1.5 right-1.5">{button}</div>
      </div>
    );
  }
  return (
    <span className="inline-flex max-w-full items-center gap-1">
      <code className="min-w-0 truncate font-mono text-sm" title={text}>
        {text}
      </code>
      {button}
    </span>
  );
}

/**
 * The clipboard API is there only over HTTPS and on localhost: elsewhere copy through a selection.
 */
async function writeClipboard(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}
