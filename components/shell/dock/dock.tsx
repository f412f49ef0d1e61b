'use client';
// The pane below every page: Recent tasks and Alarms, folded to a line when not needed.
import { Tabs } from '@base-ui/react/tabs';
import { ChevronDown, ChevronUp } from 'lucide-react';
import { classNames } from '#components/ui/class-names.ts';
import { IconButton } from '#components/ui/icon-button.tsx';
import { useAlarms, useTasks } from '#lib/client/use-tasks.ts';
import { Splitter } from '../splitter.tsx';
import { useStored, useStoredFlag, useStoredNumber } from '../use-stored.ts';
import { AlarmList } from './alarm-list.tsx';
import { TaskList } from './task-list.tsx';

const DOCK_PIXELS = { min: 90, max: 600, initial: 176 } as const;
/** So many of the newest tasks; older ones stand on the Tasks page. */
const TASKS_SHOWN = 50;

export function Dock() {
  const [open, setOpen] = useStoredFlag('dock.open', true);
  const [tab, setTab] = useStored('dock.tab', 'tasks');
  const [pixels, setPixels] = useStoredNumber('dock.height', DOCK_PIXELS.initial);
  const tasks = useTasks({ limit: TASKS_SHOWN });
  const { data: alarms = [] } = useAlarms();
  const running = (tasks.data ?? []).filter(
    ({ state }) => state === 'running' || state === 'queued',
  ).length;
  const choose = (next: string) => {
    setTab(next);
    setOpen(true);
  };
  return (
    <Tabs.Root
      render={<section aria-label="Recent tasks and alarms" />}
      value={tab === 'alarms' ? 'alarms' : 'tasks'}
      onValueChange={(next) => choose(String(next))}
      className="relative flex shrink-0 flex-col border-t border-line bg-surface"
      style={{ height: open ? pixels : undefined, maxHeight: '60vh' }}
    >
      {open && (
        <Splitter
          label="Height of the tasks pane"
          edge="top"
          value={pixels}
          onChange={setPixels}
          {...DOCK_PIXELS}
        />
      )}
      <div className="flex h-8 shrink-0 items-center border-b border-line px-2">
        <Tabs.List aria-label="Recent tasks and alarms" className="flex h-full">
          <DockTab value="tasks" label="Recent tasks" count={running} note="running" />
          <DockTab value="alarms" label="Alarms" count={alarms.length} />
        </Tabs.List>
        <IconButton
          size="small"
          className="ml-auto"
          label={open ? 'Fold the tasks pane' : 'Unfold the tasks pane'}
          aria-expanded={open}
          icon={open ? <ChevronDown size={15} /> : <ChevronUp size={15} />}
          onClick={() => setOpen(!open)}
        />
      </div>
      <Tabs.Panel value="tasks" className={classNames('min-h-0 flex-1', !open && 'hidden')}>
        <TaskList query={tasks} />
      </Tabs.Panel>
      <Tabs.Panel value="alarms" className={classNames('min-h-0 flex-1', !open && 'hidden')}>
        <AlarmList alarms={alarms} />
      </Tabs.Panel>
    </Tabs.Root>
  );
}

interface DockTabProps {
  value: string;
  label: string;
  count: number;
  note?: string;
}

function DockTab({ value, label, count, note = '' }: DockTabProps) {
  return (
    <Tabs.Tab
      value={value}
      className="flex h-full items-center gap-1.5 border-b-2 border-transparent px-3 font-medium
        text-muted -outline-offset-2 select-none hover:text-ink data-active:border-accent
        data-active:text-ink"
    >
      {label}
      {count > 0 && (
        <span className="rounded-full bg-idle-soft px-1.5 text-xs text-ink">
          {note === '' ? count : `${count} ${note}`}
        </span>
      )}
    </Tabs.Tab>
  );
}
