'use client';
// A newcomer's next steps, each done or with the way to it.
import { CircleCheck, CircleDashed } from 'lucide-react';
import Link from 'next/link';
import { useInventory, useVmTotals } from '#lib/client/use-inventory.ts';
import { useFilters, usePolicies } from '#lib/client/use-policies.ts';
import { useEvents, useTasks } from '#lib/client/use-tasks.ts';
import { Card } from '../ui/card.tsx';
import { Skeleton } from '../ui/states/skeleton.tsx';
import { nextSteps } from './next-steps.ts';

const LIMIT = 500;

export function NextSteps() {
  const inventory = useInventory();
  const vms = useVmTotals();
  const filters = useFilters();
  const policies = usePolicies();
  const tasks = useTasks({ limit: LIMIT });
  const events = useEvents({ limit: LIMIT });
  const ready =
    inventory.data && vms.data && filters.data && policies.data && tasks.data && events.data;
  return (
    <Card
      title="Next steps"
      description="From an empty cluster to a virtual machine that moves live with its filters."
    >
      {ready ? (
        <ol className="divide-y divide-line">
          {nextSteps({
            clusterId: inventory.data.nodes.find(({ kind }) => kind === 'cluster')?.id ?? null,
            filters: filters.data,
            policies: policies.data,
            vms: vms.data,
            tasks: tasks.data,
            events: events.data,
          }).map(({ key, title, text, done, href }) => (
            <li key={key} className="flex gap-3 py-2">
              {done ? (
                <CircleCheck aria-label="Done" size={18} className="mt-0.5 shrink-0 text-ok" />
              ) : (
                <CircleDashed aria-label="To do" size={18} className="mt-0.5 shrink-0 text-idle" />
              )}
              <div className="min-w-0">
                <Link href={href} className="font-medium">
                  {title}
                </Link>
                <p className="text-muted">{text}</p>
              </div>
            </li>
          ))}
        </ol>
      ) : (
        <Skeleton lines={10} />
      )}
    </Card>
  );
}
