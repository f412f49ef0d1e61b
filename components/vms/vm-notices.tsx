'use client';
// What stands above the tabs of a VM because it needs to be seen: a process that has failed, writes
// that wait for space, what its filters raise, and the tasks that are under way.
// Props: `vm`.
import Link from 'next/link';
import { openDialog } from '#components/shell/dialog-url.ts';
import { useStored } from '#components/shell/use-stored.ts';
import { useEvents, useTasks } from '#lib/client/use-tasks.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { EventView } from '#lib/wire/api/tasks.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { TaskBar } from '../tasks/task-bar.tsx';
import { Age } from '../ui/age.tsx';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { useNow } from '../ui/use-now.ts';
import { type Restart, useRestart } from './use-restart.ts';
import { filterBlame, isFaulted, isOutOfSpace } from './vm-trouble.ts';

const EVENTS = 50;
const TASKS = 20;
const SHOWN_MAX = 3;
const DAY_MS = 24 * 3_600_000;

export function VmNotices({ vm }: { vm: VmView }) {
  const restart = useRestart(vm);
  return (
    <>
      <WorldNotice vm={vm} restart={restart} />
      <FilterEvents vm={vm} />
      <RunningTasks vmId={vm.id} />
    </>
  );
}

function WorldNotice({ vm, restart }: { vm: VmView; restart: Restart }) {
  if (isFaulted(vm)) return <Faulted vm={vm} restart={restart} />;
  if (isOutOfSpace(vm)) return <OutOfSpace vm={vm} />;
  if (vm.worldMessage === '') return null;
  return (
    <Banner tone="warn" title={`${vm.name} needs attention`}>
      {vm.worldMessage}
    </Banner>
  );
}

function Faulted({ vm, restart }: { vm: VmView; restart: Restart }) {
  const blame = filterBlame(vm.worldMessage);
  const title = blame
    ? `The I/O filter ${blame.filter} brought ${vm.name} down` +
      (blame.operation ? `, in ${blame.operation}` : '')
    : `The process of ${vm.name} has ended, and its disks are not served`;
  return (
    <Banner
      tone="bad"
      title={title}
      actions={
        <>
          <Button
            busy={restart.isBusy}
            disabledReason={reasonOf(vm.actions.powerOff)}
            onClick={restart.start}
          >
            Retry
          </Button>
          {blame && (
            <Button
              disabledReason={reasonOf(vm.actions.editPolicies)}
              onClick={() => openDialog('editPolicies', { vm: vm.id })}
            >
              {`Detach ${blame.filter}…`}
            </Button>
          )}
        </>
      }
    >
      <p>{vm.worldMessage}</p>
      <p className="text-muted">
        No other virtual machine is touched. What was acknowledged is on its disks.
      </p>
    </Banner>
  );
}

function OutOfSpace({ vm }: { vm: VmView }) {
  const places = [vm.datastore, ...vm.disks.map(({ datastore }) => datastore)];
  const datastores = [...new Map(places.map((place) => [place.id, place])).values()];
  return (
    <Banner
      tone="warn"
      title={`${vm.name} is paused: no space on its datastore`}
      actions={
        <>
          <Button
            disabledReason={reasonOf(vm.actions.relocate)}
            onClick={() => openDialog('migrate', { vm: vm.id, move: 'storage' })}
          >
            Move to another datastore…
          </Button>
          <Button
            disabledReason={reasonOf(vm.actions.removeAllSnapshots)}
            onClick={() => openDialog('removeSnapshot', { vm: vm.id, scope: 'all' })}
          >
            Delete snapshots…
          </Button>
        </>
      }
    >
      <p>{vm.worldMessage}</p>
      <p>
        Writes that need space wait; nothing is lost, the guest sees no error. Make space on{' '}
        {datastores.map((datastore, index) => (
          <span key={datastore.id}>
            {index > 0 && ', '}
            <ObjectLink {...datastore} />
          </span>
        ))}
        , and it goes on by itself within seconds.
      </p>
    </Banner>
  );
}

/** What filters have raised of late (an entropy alarm, say), until somebody has seen it. */
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
  return (
    <Banner
      tone={isBad ? 'bad' : 'warn'}
      title={raised.length === 1 ? 'An I/O filter raises an alarm' : `Alarms of ${names}`}
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
  if (type !== 'IoFilterEvent' || severity === 'info') return false;
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
