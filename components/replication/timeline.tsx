'use client';
// The moments of a VM on a line: how much was written when, bookmarks, and the moment that is
// picked, to recover or to test. Kept in `?moment=` (milliseconds). Props: `vmId`, `known`.
import { BookmarkPlus } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { useCall } from '#lib/client/use-call.ts';
import type { VmReplicationView } from '#lib/wire/api/replication.ts';
import { formatBytes } from '../format/quantities.ts';
import { formatMoment, formatShortMoment } from '../format/times.ts';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { useUrlParam } from '../ui/use-url-param.ts';
import {
  barHeights,
  clamped,
  momentsBetween,
  placeOf,
  type Window,
  windowOf,
} from './timeline-marks.ts';

const BUCKETS = 120;
/** Times that stand below the bars. */
const MARKS = 5;
const READ_EVERY_MS = 5_000;

interface TimelineProps {
  vmId: string;
  known: VmReplicationView;
}

export function Timeline({ vmId, known }: TimelineProps) {
  const window = windowOf(known.windowFrom, known.windowTo);
  const bookmark = (
    <Button
      icon={<BookmarkPlus size={13} />}
      disabledReason={reasonOf(known.actions.bookmark)}
      onClick={() => openDialog('addBookmark', { vm: vmId })}
    >
      Add bookmark…
    </Button>
  );
  return (
    <Section
      title="Moments"
      description="How much was written when. Any moment on the line can be tested or recovered."
      actions={bookmark}
    >
      {window === null ? (
        <p className="text-muted">
          There is no moment yet: the first one is there when the initial sync has ended.
        </p>
      ) : (
        <Line vmId={vmId} known={known} window={window} />
      )}
    </Section>
  );
}

function Line({ vmId, known, window }: TimelineProps & { window: Window }) {
  const [text, write] = useUrlParam('moment', '');
  const isNewest = text === '';
  const picked = isNewest ? window.to : clamped(Number(text), window);
  const pick = (at: number) => write(at >= window.to ? '' : String(Math.round(at)));
  const dialog = { vm: vmId, ...(isNewest ? {} : { at: String(picked) }) };
  return (
    <div className="space-y-3">
      <div className="relative">
        <Bars vmId={vmId} window={window} />
        <input
          type="range"
          className="mt-1 w-full accent-accent"
          aria-label="Moment"
          aria-valuetext={momentWords(picked, isNewest)}
          min={window.from}
          max={window.to}
          step={1}
          value={picked}
          onChange={(event) => pick(Number(event.target.value))}
        />
        <Bookmarks known={known} window={window} onPick={pick} />
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <Stepper
          text="−1 s"
          label="a second before"
          onStep={() => pick(clamped(picked - 1000, window))}
        />
        <span className="tabular-nums" data-testid="moment">
          {momentWords(picked, isNewest)}
        </span>
        <Stepper
          text="+1 s"
          label="a second after"
          onStep={() => pick(clamped(picked + 1000, window))}
        />
        <span className="grow" />
        <Button
          disabledReason={reasonOf(known.actions.recover)}
          onClick={() => openDialog('recover', { ...dialog, kind: 'test' })}
        >
          Test failover…
        </Button>
        <Button
          variant="primary"
          disabledReason={reasonOf(known.actions.recover)}
          onClick={() => openDialog('recover', { ...dialog, kind: 'recover' })}
        >
          Recover…
        </Button>
      </div>
    </div>
  );
}

interface StepperProps {
  /** What stands on the button; its spoken name begins with it. */
  text: string;
  label: string;
  onStep: () => void;
}

function Stepper({ text, label, onStep }: StepperProps) {
  return (
    <Button onClick={onStep} aria-label={`${text}, ${label}`}>
      {text}
    </Button>
  );
}

function momentWords(at: number, isNewest: boolean): string {
  return isNewest ? `Newest moment, ${formatMoment(at)}` : formatMoment(at);
}

function Bars({ vmId, window }: { vmId: string; window: Window }) {
  // The end moves with each write: the question is asked anew in steps only.
  const to = Math.ceil(window.to / READ_EVERY_MS) * READ_EVERY_MS;
  const query = {
    from: new Date(window.from).toISOString(),
    to: new Date(to).toISOString(),
    buckets: BUCKETS,
  };
  const { data } = useCall('readReplicationTimeline', { params: { id: vmId }, query });
  const buckets = data?.buckets ?? [];
  const heights = barHeights(buckets.map(({ bytes }) => bytes));
  const most = Math.max(0, ...buckets.map(({ bytes }) => bytes));
  return (
    <figure className="m-0">
      <div aria-hidden className="flex h-20 items-end gap-px border-b border-line">
        {heights.map((height, index) => (
          <span
            key={buckets[index]?.at}
            className="min-w-0 flex-1 rounded-t-sm bg-chart-1"
            style={{ height: `${height * 100}%` }}
          />
        ))}
      </div>
      <div aria-hidden className="flex justify-between text-sm text-muted tabular-nums">
        {momentsBetween(window, MARKS).map((at) => (
          <span key={at}>{formatShortMoment(at, window.to)}</span>
        ))}
      </div>
      <figcaption className="sr-only">
        {`Bytes written over the window; at most ${formatBytes(most)} in one step.`}
      </figcaption>
    </figure>
  );
}

interface BookmarksProps {
  known: VmReplicationView;
  window: Window;
  onPick: (at: number) => void;
}

function Bookmarks({ known, window, onPick }: BookmarksProps) {
  if (known.bookmarks.length === 0) return null;
  return (
    <ul aria-label="Bookmarks" className="mt-1 flex flex-wrap gap-2">
      {known.bookmarks.map(({ name, at }) => {
        const place = placeOf(Date.parse(at), window);
        return (
          <li key={name}>
            <Button
              disabledReason={place === null ? 'The journal does not have this moment.' : null}
              onClick={() => onPick(Date.parse(at))}
            >
              {`${name}, ${formatMoment(at)}`}
            </Button>
          </li>
        );
      })}
    </ul>
  );
}
