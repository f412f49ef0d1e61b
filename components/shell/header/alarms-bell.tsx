'use client';
// The bell: how many alarms there are, the worst first, each with its object and what to do.
import { Bell } from 'lucide-react';
import { formatNoun } from '#components/format/quantities.ts';
import { ObjectLink } from '#components/objects/object-link.tsx';
import { TONE_ICON, TONE_TEXT, type Tone } from '#components/ui/badge.tsx';
import { classNames } from '#components/ui/class-names.ts';
import { Popover } from '#components/ui/overlays/popover.tsx';
import { useAlarms } from '#lib/client/use-tasks.ts';
import type { AlarmView } from '#lib/wire/api/tasks.ts';
import { writeStored } from '../use-stored.ts';
import { ON_HEADER } from './on-header.ts';

export const SEVERITY_TONE: Record<AlarmView['severity'], Tone> = {
  error: 'bad',
  warning: 'warn',
  info: 'info',
};
const RANK: Record<AlarmView['severity'], number> = { error: 0, warning: 1, info: 2 };

/** Worst first; among equals by name. */
export function sortAlarms(alarms: readonly AlarmView[]): AlarmView[] {
  return [...alarms].sort(
    (a, b) => RANK[a.severity] - RANK[b.severity] || a.object.name.localeCompare(b.object.name),
  );
}

const SHOWN_MAX = 8;

export function AlarmsBell() {
  const { data: alarms = [] } = useAlarms();
  const worst = alarms.some(({ severity }) => severity === 'error');
  const label = alarms.length === 0 ? 'No alarms' : formatNoun(alarms.length, 'alarm');
  return (
    <Popover
      align="end"
      title={label}
      titleClassName="border-b border-line px-4 py-2 font-semibold"
      className="w-96 max-w-[calc(100vw-1rem)] rounded-md border border-line bg-raised text-ink
        shadow-popup outline-none"
      trigger={
        <button
          type="button"
          aria-label={label}
          className={classNames(
            'relative inline-flex size-7 items-center justify-center rounded-md',
            ON_HEADER,
          )}
        >
          <Bell aria-hidden size={16} />
          {alarms.length > 0 && (
            <span
              className={classNames(
                'absolute -top-0.5 -right-0.5 min-w-4 rounded-full px-1 text-center text-[10px]',
                'leading-4 font-semibold',
                worst ? 'bg-[#d92d20] text-white' : 'bg-[#ffc555] text-[#241a00]',
              )}
            >
              {alarms.length > 99 ? '99+' : alarms.length}
            </span>
          )}
        </button>
      }
    >
      {(close) => <Alarms alarms={alarms} onClose={close} />}
    </Popover>
  );
}

function Alarms({ alarms, onClose }: { alarms: readonly AlarmView[]; onClose: () => void }) {
  if (alarms.length === 0) {
    return <p className="px-4 py-4 text-muted">Nothing needs attention right now.</p>;
  }
  return (
    <>
      <ul className="max-h-96 overflow-y-auto">
        {sortAlarms(alarms)
          .slice(0, SHOWN_MAX)
          .map((alarm) => (
            <AlarmItem key={alarm.id} alarm={alarm} />
          ))}
      </ul>
      <button
        type="button"
        className="w-full border-t border-line px-4 py-2 text-left text-accent hover:bg-hover"
        onClick={() => {
          writeStored('dock.tab', 'alarms');
          writeStored('dock.open', 'yes');
          onClose();
        }}
      >
        Show all below the page
      </button>
    </>
  );
}

function AlarmItem({ alarm }: { alarm: AlarmView }) {
  const tone = SEVERITY_TONE[alarm.severity];
  const Icon = TONE_ICON[tone];
  return (
    <li className="flex gap-2.5 border-b border-line px-4 py-2 last:border-b-0">
      <Icon
        role="img"
        aria-label={alarm.severity}
        size={15}
        className={classNames('mt-0.5 shrink-0', TONE_TEXT[tone])}
      />
      <div className="min-w-0">
        <ObjectLink id={alarm.object.id} name={alarm.object.name} />
        <p>{alarm.message}</p>
        <p className="text-sm text-muted">{alarm.remedy}</p>
      </div>
    </li>
  );
}
