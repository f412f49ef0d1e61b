'use client';
// Replication targets: the list, and pairing with one more.
import { Plus, Replace } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { ListPage } from '#components/shell/object-page.tsx';
import { useCall } from '#lib/client/use-call.ts';
import { useSession } from '#lib/client/use-session.ts';
import { Button } from '../ui/button.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { TargetTable } from './target-table.tsx';

const PRIVILEGE = 'Host.Hbr.HbrManagement';

export function TargetListPage() {
  const targets = useCall('listReplicationTargets', {});
  const session = useSession();
  const may = session.data?.privileges.some((each) => each === PRIVILEGE) ?? true;
  const pair = (
    <Button
      variant="primary"
      icon={<Plus size={13} />}
      disabledReason={may ? null : `You lack the privilege ${PRIVILEGE}.`}
      onClick={() => openDialog('pairTarget', {})}
    >
      Pair with a target…
    </Button>
  );
  return (
    <ListPage
      title="Replication targets"
      icon={<Replace aria-hidden size={20} strokeWidth={1.75} />}
      actions={pair}
    >
      <QueryState query={targets}>{(rows) => <TargetTable rows={rows} pair={pair} />}</QueryState>
    </ListPage>
  );
}
