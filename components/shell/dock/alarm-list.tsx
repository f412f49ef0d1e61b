'use client';
import { ObjectLink } from '#components/objects/object-link.tsx';
import { Badge } from '#components/ui/badge.tsx';
import { ScrollArea } from '#components/ui/scroll-area.tsx';
import { EmptyState } from '#components/ui/states/empty-state.tsx';
// Everything that needs attention now, worst first, with what to do about it.
import type { AlarmView } from '#lib/wire/api/tasks.ts';
import { SEVERITY_TONE, sortAlarms } from '../header/alarms-bell.tsx';

const HEAD = 'sticky top-0 z-1 h-7 bg-sunken px-3 text-left text-sm font-semibold text-muted';
const WORDS = { error: 'Critical', warning: 'Warning', info: 'Information' } as const;

export function AlarmList({ alarms }: { alarms: readonly AlarmView[] }) {
  if (alarms.length === 0) {
    return (
      <EmptyState title="No alarms">
        An alarm stands here for as long as its cause does: a host that does not answer, a filter
        that is missing or has failed, a disk out of compliance.
      </EmptyState>
    );
  }
  return (
    <ScrollArea label="Alarms" className="h-full">
      <table className="w-full min-w-[48rem] border-collapse">
        <thead>
          <tr>
            <th className={`${HEAD} w-32`}>Severity</th>
            <th className={`${HEAD} w-48`}>Object</th>
            <th className={HEAD}>What is wrong</th>
            <th className={HEAD}>What to do</th>
          </tr>
        </thead>
        <tbody>
          {sortAlarms(alarms).map((alarm) => (
            <tr key={alarm.id} className="border-b border-line align-top hover:bg-hover">
              <td className="px-3 py-1">
                <Badge tone={SEVERITY_TONE[alarm.severity]} subtle>
                  {WORDS[alarm.severity]}
                </Badge>
              </td>
              <td className="max-w-0 truncate px-3 py-1">
                <ObjectLink id={alarm.object.id} name={alarm.object.name} />
              </td>
              <td className="px-3 py-1">{alarm.message}</td>
              <td className="px-3 py-1 text-muted">{alarm.remedy}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollArea>
  );
}
