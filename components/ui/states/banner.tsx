// A message across a page or dialog: something is wrong or worth knowing, with reasons and a way
// out.
// Props: `tone`, `title`, `reasons` or `children`, `actions` at the right.
import type { ReactNode } from 'react';
import type { Reason } from '#lib/model/fault.ts';
import { TONE_ICON, TONE_TEXT, type Tone } from '../badge.tsx';
import { classNames } from '../class-names.ts';
import { ReasonList } from '../reason-list.tsx';

export interface BannerProps {
  tone: Exclude<Tone, 'idle'>;
  title?: string;
  reasons?: readonly Reason[];
  children?: ReactNode;
  actions?: ReactNode;
}

const FRAMES = {
  ok: 'border-ok/40 bg-ok-soft',
  warn: 'border-warn/40 bg-warn-soft',
  bad: 'border-bad/40 bg-bad-soft',
  info: 'border-info/40 bg-info-soft',
} as const;

export function Banner({ tone, title, reasons = [], children, actions }: BannerProps) {
  const Icon = TONE_ICON[tone];
  return (
    <div
      role={tone === 'bad' ? 'alert' : 'status'}
      className={classNames('flex gap-2.5 rounded-md border px-3 py-2', FRAMES[tone])}
    >
      <Icon aria-hidden size={16} className={classNames('mt-0.5 shrink-0', TONE_TEXT[tone])} />
      <div className="flex min-w-0 flex-1 flex-wrap gap-2">
        <div className="min-w-0 flex-1 basis-80 space-y-1">
          {title && <p className="font-semibold">{title}</p>}
          <ReasonList reasons={reasons} />
          {children}
        </div>
        {actions && <div className="flex flex-wrap items-start gap-2">{actions}</div>}
      </div>
    </div>
  );
}
