'use client';
// The page that lists all virtual machines; the one that is picked is shown at the right.
import { Monitor } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { ListPage } from '#components/shell/object-page.tsx';
import { useSidePanel } from '#components/shell/side-panel.tsx';
import { useVmSummary } from '#lib/client/use-inventory.ts';
import { Button } from '../ui/button.tsx';
import { VmPanel } from './vm-panel.tsx';
import { VmTable } from './vm-table.tsx';

export function VmListPage() {
  const { picked, open } = useSidePanel();
  const vm = useVmSummary(picked);
  return (
    <ListPage
      title="Virtual machines"
      icon={<Monitor aria-hidden size={20} strokeWidth={1.75} />}
      actions={<Button onClick={() => openDialog('importVm', {})}>Import…</Button>}
    >
      <div className="relative flex min-h-0 flex-1">
        <VmTable onPick={({ id }) => open(id)} pickedId={picked} />
        {vm && <VmPanel key={vm.id} vm={vm} />}
      </div>
    </ListPage>
  );
}
