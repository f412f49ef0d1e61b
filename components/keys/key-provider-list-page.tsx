'use client';
// Key providers: the list, and the ways to make one.
import { KeyRound, Plus } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { ListPage } from '#components/shell/object-page.tsx';
import { useCall } from '#lib/client/use-call.ts';
import { useSession } from '#lib/client/use-session.ts';
import { Button } from '../ui/button.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { KeyProviderTable } from './key-provider-table.tsx';

export function KeyProviderListPage() {
  const providers = useCall('listKeyProviders', {});
  const session = useSession();
  const lacks = (privilege: string) =>
    (session.data?.privileges.some((each) => each === privilege) ?? true)
      ? null
      : `You lack the privilege ${privilege}.`;
  const create = (
    <Button
      variant="primary"
      icon={<Plus size={13} />}
      disabledReason={lacks('Cryptographer.ManageKeyServers')}
      onClick={() => openDialog('addKeyProvider', {})}
    >
      Add native key provider…
    </Button>
  );
  const createKmip = (
    <Button
      icon={<Plus size={13} />}
      disabledReason={lacks('Cryptographer.ManageKeyServers')}
      onClick={() => openDialog('addKmipProvider', {})}
    >
      Add KMIP key provider…
    </Button>
  );
  const restore = (
    <Button
      disabledReason={lacks('Cryptographer.ManageKeys')}
      onClick={() => openDialog('restoreKeyProvider', {})}
    >
      Restore…
    </Button>
  );
  return (
    <ListPage
      title="Key providers"
      icon={<KeyRound aria-hidden size={20} strokeWidth={1.75} />}
      actions={
        <>
          {restore}
          {createKmip}
          {create}
        </>
      }
    >
      <QueryState query={providers}>
        {(rows) => <KeyProviderTable rows={rows} create={create} />}
      </QueryState>
    </ListPage>
  );
}
