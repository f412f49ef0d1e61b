'use client';
// The page that lists all hosts.
import { Server } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { ListPage } from '#components/shell/object-page.tsx';
import { useHosts } from '#lib/client/use-inventory.ts';
import { Button } from '../ui/button.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { HostTable } from './host-table.tsx';

export function HostListPage() {
  const hosts = useHosts();
  return (
    <ListPage
      title="Hosts"
      icon={<Server aria-hidden size={20} strokeWidth={1.75} />}
      actions={<Button onClick={() => openDialog('addHost', {})}>Add…</Button>}
    >
      <QueryState query={hosts}>{(rows) => <HostTable rows={rows} />}</QueryState>
    </ListPage>
  );
}
