// Which part of a long list is shown, and the buttons that lead on and back; nothing when all of it
// is. Props: `what` the list is of, `page`, `onTurn` with the next offset.
import { formatCount } from '../format/quantities.ts';
import { Button } from './button.tsx';

export interface PagerProps {
  what: string;
  page: { offset: number; limit: number; total: number };
  onTurn: (offset: number) => void;
}

export function Pager({ what, page: { offset, limit, total }, onTurn }: PagerProps) {
  if (total <= limit && offset === 0) return null;
  const last = Math.min(offset + limit, total);
  const range = last > offset ? `${formatCount(offset + 1)} to ${formatCount(last)}` : 'None';
  const start = offset === 0 ? 'These are the first.' : null;
  const end = last >= total ? 'These are the last.' : null;
  return (
    <nav aria-label={`Pages of ${what}`} className="flex items-center gap-2">
      <Button disabledReason={start} onClick={() => onTurn(Math.max(0, offset - limit))}>
        Previous
      </Button>
      <Button disabledReason={end} onClick={() => onTurn(offset + limit)}>
        Next
      </Button>
      <span className="text-muted">{`${range} of ${formatCount(total)} ${what}`}</span>
    </nav>
  );
}
