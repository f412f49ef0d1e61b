'use client';
// What happened, newest first.
import { ScrollText } from 'lucide-react';
import { ListPage } from '#components/shell/object-page.tsx';
import { useEvents } from '#lib/client/use-tasks.ts';
import { QueryState } from '../ui/states/query-state.tsx';
import { EventTable } from './event-table.tsx';

const LIMIT = 1000;

export function EventListPage() {
  const events = useEvents({ limit: LIMIT });
  return (
    <ListPage title="Events" icon={<ScrollText aria-hidden size={20} strokeWidth={1.75} />}>
      <QueryState query={events}>{(rows) => <EventTable rows={rows} />}</QueryState>
    </ListPage>
  );
}
