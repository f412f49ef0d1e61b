'use client';
// The page that lists all datastores.
import { Database } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { ListPage } from '#components/shell/object-page.tsx';
import { useDatastores } from '#lib/client/use-inventory.ts';
import { Button } from '../ui/button.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { DatastoreTable } from './datastore-table.tsx';

export function DatastoreListPage() {
  const datastores = useDatastores();
  return (
    <ListPage
      title="Datastores"
      icon={<Database aria-hidden size={20} strokeWidth={1.75} />}
      actions={<Button onClick={() => openDialog('createDatastore', {})}>Create…</Button>}
    >
      <QueryState query={datastores}>{(rows) => <DatastoreTable rows={rows} />}</QueryState>
    </ListPage>
  );
}
