'use client';
// Deletes a VM storage policy. Disks that have it are in the way, and named. URL: `policy`.
import { usePathname, useRouter } from 'next/navigation';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useDeletePolicy, usePolicy } from '#lib/client/use-policies.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function DeletePolicyDialog({ param, close }: UrlDialogProps) {
  const id = param('policy') ?? '';
  const policy = usePolicy(id);
  const router = useRouter();
  const onItsPage = usePathname() === `/policies/${id}`;
  const { mutateAsync } = useDeletePolicy();
  const verdict = policy.data?.actions.delete;
  return (
    <ConfirmDialog
      open
      onClose={close}
      danger
      title={`Delete ${policy.data?.name ?? 'the policy'}`}
      verb="Delete"
      disabledReason={reasonOf(verdict)}
      onConfirm={async () => {
        await mutateAsync({ params: { id } });
        close();
        if (onItsPage) router.push('/policies');
      }}
      call={apiCall('deletePolicy', { id })}
    >
      <QueryState query={policy} lines={2}>
        {({ name }) =>
          verdict?.allowed === false ? (
            <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
          ) : (
            <p>
              {`The VM storage policy “${name}” and its rules are deleted. This cannot be ` +
                'undone.'}
            </p>
          )
        }
      </QueryState>
    </ConfirmDialog>
  );
}
