'use client';
// The page that lists all virtual machines.
import { Monitor } from 'lucide-react';
import { ListPage } from '#components/shell/object-page.tsx';
import { useVms } from '#lib/client/use-inventory.ts';
import { QueryState } from '../ui/states/query-state.tsx';
import { VmTable } from './vm-table.tsx';

export function VmListPage() {
  const vms = useVms();
  return (
    <ListPage title="Virtual machines" icon={<Monitor aria-hidden size={20} strokeWidth={1.75} />}>
      <QueryState query={vms}>{(rows) => <VmTable rows={rows} />}</QueryState>
    </ListPage>
  );
}
