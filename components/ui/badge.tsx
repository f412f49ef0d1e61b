// A short word about a state: a symbol of its own shape, and colour, so that colour never carries
// it alone.
// Props: `tone`, `children` (the word), `icon` (false leaves the symbol out), `subtle` without
// background.
import { CircleAlert, CircleCheck, CircleDashed, CircleX, Info } from 'lucide-react';
import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';

export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'idle';

export interface BadgeProps {
  tone: Tone;
  children: ReactNode;
  icon?: boolean;
  subtle?: boolean;
}

const TONES: Record<Tone, string> = {
  ok: 'text-ok bg-ok-soft',
  warn: 'text-warn bg-warn-soft',
  bad: 'text-bad bg-bad-soft',
  info: 'text-info bg-info-soft',
  idle: 'text-idle bg-idle-soft',
};

export const TONE_TEXT: Record<Tone, string> = {
  ok: 'text-ok',
  warn: 'text-warn',
  bad: 'text-bad',
  info: 'text-info',
  idle: 'text-idle',
};

export const TONE_ICON = {
  ok: CircleCheck,
  warn: CircleAlert,
  bad: CircleX,
  info: Info,
  idle: CircleDashed,
} as const;

export function Badge({ tone, children, icon = true, subtle = false }: BadgeProps) {
  const Icon = TONE_ICON[tone];
  return (
    <span
      className={classNames(
        'inline-flex h-5 items-center gap-1 rounded-sm align-middle text-sm font-medium',
        'whitespace-nowrap',
        subtle ? TONE_TEXT[tone] : classNames('px-1.5', TONES[tone]),
      )}
    >
      {icon && <Icon aria-hidden size={13} className="shrink-0" />}
      {children}
    </span>
  );
}
