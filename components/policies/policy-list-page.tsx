'use client';
// Policies and Profiles › VM Storage Policies: the list, and the way to make one.
import { Plus, ShieldCheck } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { ListPage } from '#components/shell/object-page.tsx';
import { usePolicies } from '#lib/client/use-policies.ts';
import { useSession } from '#lib/client/use-session.ts';
import { Button } from '../ui/button.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { PolicyTable } from './policy-table.tsx';

export function PolicyListPage() {
  const policies = usePolicies();
  const session = useSession();
  const may = session.data?.privileges.includes('StorageProfile.Update') ?? true;
  const create = (
    <Button
      variant="primary"
      icon={<Plus size={13} />}
      disabledReason={may ? null : 'You lack the privilege StorageProfile.Update.'}
      onClick={() => openDialog('policy', {})}
    >
      Create…
    </Button>
  );
  return (
    <ListPage
      title="VM storage policies"
      icon={<ShieldCheck aria-hidden size={20} strokeWidth={1.75} />}
      actions={create}
    >
      <QueryState query={policies}>
        {(rows) => <PolicyTable rows={rows} create={create} />}
      </QueryState>
    </ListPage>
  );
}
