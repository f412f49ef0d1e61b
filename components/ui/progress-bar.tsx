// How far something is, in percent, or that it is under way when that is not known.
// Props: `value` 0 to 100 or null, `label` for readers, `tone`.
import { classNames } from './class-names.ts';

export interface ProgressBarProps {
  value: number | null;
  label: string;
  tone?: 'accent' | 'ok' | 'warn' | 'bad';
  className?: string;
}

const TONES = { accent: 'bg-accent', ok: 'bg-ok', warn: 'bg-warn', bad: 'bg-bad' } as const;

export function ProgressBar({ value, label, tone = 'accent', className }: ProgressBarProps) {
  const known = value === null ? null : Math.min(100, Math.max(0, value));
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={known ?? undefined}
      className={classNames('h-1.5 w-full overflow-hidden rounded-full bg-idle-soft', className)}
    >
      <div
        className={classNames(
          'h-full rounded-full transition-[width] duration-200',
          TONES[tone],
          known === null && 'w-1/3 animate-pulse',
        )}
        style={known === null ? undefined : { width: `${known}%` }}
      />
    </div>
  );
}
