'use client';
// The page that lists all datastores.
import { Database } from 'lucide-react';
import { ListPage } from '#components/shell/object-page.tsx';
import { useDatastores } from '#lib/client/use-inventory.ts';
import { QueryState } from '../ui/states/query-state.tsx';
import { DatastoreTable } from './datastore-table.tsx';

export function DatastoreListPage() {
  const datastores = useDatastores();
  return (
    <ListPage title="Datastores" icon={<Database aria-hidden size={20} strokeWidth={1.75} />}>
      <QueryState query={datastores}>{(rows) => <DatastoreTable rows={rows} />}</QueryState>
    </ListPage>
  );
}
