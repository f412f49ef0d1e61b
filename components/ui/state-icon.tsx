// An object's icon with its state drawn into the corner, by shape as well as colour.
// Props: `icon` (a lucide component), `mark` (play, pause, stop, warning, error, maintenance,
// offline, none), `label` for readers.
import type { LucideIcon } from 'lucide-react';

export type StateMark =
  | 'play'
  | 'pause'
  | 'stop'
  | 'warning'
  | 'error'
  | 'maintenance'
  | 'offline'
  | 'none';

export interface StateIconProps {
  icon: LucideIcon;
  mark: StateMark;
  /** What the mark says, as a word; read out, and shown by the browser on hover. */
  label: string;
  size?: number;
}

export function StateIcon({ icon: Icon, mark, label, size = 16 }: StateIconProps) {
  const dim = mark === 'stop' || mark === 'offline';
  return (
    <span className="relative inline-flex shrink-0" role="img" aria-label={label} title={label}>
      <Icon aria-hidden size={size} strokeWidth={1.75} className={dim ? 'opacity-55' : ''} />
      {mark !== 'none' && (
        <svg
          aria-hidden="true"
          viewBox="0 0 10 10"
          width={Math.round(size * 0.6)}
          height={Math.round(size * 0.6)}
          className="absolute -right-1 -bottom-0.5"
        >
          <Mark mark={mark} />
        </svg>
      )}
    </span>
  );
}

function Mark({ mark }: { mark: StateMark }) {
  const edge = { stroke: 'var(--surface)', strokeWidth: 1, paintOrder: 'stroke' };
  if (mark === 'play') return <path d="M1.5 0.8 9.2 5 1.5 9.2Z" fill="var(--ok)" {...edge} />;
  if (mark === 'pause') {
    return <path d="M1.2 1H4.2V9H1.2ZM5.8 1H8.8V9H5.8Z" fill="var(--warn)" {...edge} />;
  }
  if (mark === 'stop') {
    return <rect x="1.5" y="1.5" width="7" height="7" fill="var(--idle)" {...edge} />;
  }
  if (mark === 'warning') return <path d="M5 0.5 9.8 9.3H0.2Z" fill="var(--warn)" {...edge} />;
  if (mark === 'maintenance') {
    return <path d="M5 0.3 9.7 5 5 9.7 0.3 5Z" fill="var(--info)" {...edge} />;
  }
  if (mark === 'offline') {
    return <path d="M1.5 1.5 8.5 8.5M8.5 1.5 1.5 8.5" stroke="var(--bad)" strokeWidth="2.4" />;
  }
  return <path d="M3 0.4H7L9.6 3V7L7 9.6H3L0.4 7V3Z" fill="var(--bad)" {...edge} />;
}
