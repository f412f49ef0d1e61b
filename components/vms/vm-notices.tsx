'use client';
// What stands above the tabs of a VM because it needs to be seen: what is wrong with it, what its
// filters raise, and the tasks that are under way.
// Props: `vm`.
import Link from 'next/link';
import { useStored } from '#components/shell/use-stored.ts';
import { useEvents, useTasks } from '#lib/client/use-tasks.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { EventView } from '#lib/wire/api/tasks.ts';
import { VmHaNotice } from '../availability/ha-notices.tsx';
import { VmReplacedNotice } from '../failover/failover-section.tsx';
import { ConsolidationNotice } from '../snapshots/consolidation-notice.tsx';
import { TaskBar } from '../tasks/task-bar.tsx';
import { Age } from '../ui/age.tsx';
import { Button } from '../ui/button.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { useNow } from '../ui/use-now.ts';
import { TroubleNotice } from './trouble-notice.tsx';
import { useRestart } from './use-restart.ts';

/** What a filter itself raises, and what it does wrong. */
const RAISED: ReadonlySet<string> = new Set(['IoFilterEvent', 'IoFilterFault']);
const EVENTS = 50;
const TASKS = 20;
const SHOWN_MAX = 3;
const DAY_MS = 24 * 3_600_000;

export function VmNotices({ vm }: { vm: VmView }) {
  const restart = useRestart(vm);
  return (
    <>
      <VmReplacedNotice vm={vm} />
      <VmHaNotice vm={vm} />
      <TroubleNotice vm={vm} restart={restart} />
      <ConsolidationNotice vm={vm} />
      <FilterEvents vm={vm} />
      <RunningTasks vmId={vm.id} />
    </>
  );
}

/** What filters raised of late, or did wrong, until somebody has seen it. */
function FilterEvents({ vm }: { vm: VmView }) {
  const events = useEvents({ object: vm.id, limit: EVENTS });
  const [seen, setSeen] = useStored(`seenEvents.${vm.id}`, '0');
  const now = useNow();
  const since = { seen: Number(seen), at: now - DAY_MS };
  const raised = (events.data ?? []).filter((event) => isRaised(event, since));
  const [newest] = raised;
  if (!newest) return null;
  const isBad = raised.some(({ severity }) => severity === 'error');
  const names = vm.filterNames.length > 0 ? vm.filterNames.join(', ') : 'filters';
  const one =
    newest.type === 'IoFilterFault' ? 'An I/O filter fails' : 'An I/O filter raises an alarm';
  return (
    <Banner
      tone={isBad ? 'bad' : 'warn'}
      title={raised.length === 1 ? one : `Alarms of ${names}`}
      actions={<Button onClick={() => setSeen(newest.id)}>Acknowledge</Button>}
    >
      <ul className="space-y-0.5">
        {raised.slice(0, SHOWN_MAX).map(({ id, at, message }) => (
          <li key={id}>
            {message}{' '}
            <span className="text-muted">
              <Age at={at} />
            </span>
          </li>
        ))}
      </ul>
      <Link href={`/vms/${vm.id}?tab=monitor&section=events`} prefetch={false}>
        {raised.length > SHOWN_MAX ? `All ${raised.length} in the events` : 'Show the events'}
      </Link>
    </Banner>
  );
}

function isRaised(event: EventView, since: { seen: number; at: number }): boolean {
  const { id, at, type, severity } = event;
  if (!RAISED.has(type) || severity === 'info') return false;
  return Number(id) > since.seen && new Date(at).getTime() > since.at;
}

function RunningTasks({ vmId }: { vmId: string }) {
  const tasks = useTasks({ target: vmId, limit: TASKS });
  const running = (tasks.data ?? []).filter(({ completedAt }) => completedAt === null);
  if (running.length === 0) return null;
  return (
    <section
      aria-label="Tasks under way"
      className="space-y-2 rounded-md border border-line bg-sunken px-3 py-2"
    >
      {running.map((task) => (
        <TaskBar key={task.id} task={task} />
      ))}
    </section>
  );
}
