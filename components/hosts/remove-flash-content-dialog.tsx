'use client';
// Removes one thing from the virtual flash resource of a host, by hand. URL: `host`, `content`.
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useHostFlash } from '#lib/client/use-inventory.ts';
import { judgeRemoveFlashContent } from '#lib/rules/storage/flash-content.ts';
import type { FlashView } from '#lib/wire/api/flash.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

const TITLE = 'Remove from the virtual flash resource';

export function RemoveFlashContentDialog({ param, close }: UrlDialogProps) {
  const query = useHostFlash(param('host') ?? '');
  const content = query.data?.contents.find(({ id }) => id === param('content'));
  if (query.data && content) return <Form flash={query.data} content={content} close={close} />;
  return (
    <Dialog open onClose={close} title={TITLE}>
      <QueryState query={query}>{() => <p>It is not there any more.</p>}</QueryState>
    </Dialog>
  );
}

interface FormProps {
  flash: FlashView;
  content: FlashView['contents'][number];
  close: () => void;
}

function Form({ flash: { host, actions }, content, close }: FormProps) {
  const { mutateAsync } = useChange('removeFlashContent');
  const params = { id: host.id, contentId: content.id };
  const verdict = judgeRemoveFlashContent({ host, ...content });
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={TITLE}
      verb="Remove"
      danger
      disabledReason={reasonOf(actions.configure) ?? reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params })}
      call={apiCall('removeFlashContent', params)}
    >
      {verdict.allowed || <Banner tone="bad" title="Not possible now" reasons={verdict.reasons} />}
      <p>{wordsFor(content, host.name)}</p>
    </ConfirmDialog>
  );
}

function wordsFor({ mirrorOf, disk, filter }: FormProps['content'], host: string): string {
  if (mirrorOf === null) {
    return (
      `${filter} keeps this of ${disk || 'a disk that is not known'} on ${host}, and no virtual ` +
      'machine of the inventory has that disk. If the disk is added again, what it lacks is lost.'
    );
  }
  return (
    `This is the copy of what ${disk} has not written yet on ${mirrorOf}. While that host has ` +
    'its own, nothing is lost, and a mirror that is in use is made anew. If the host is lost, ' +
    'this is all that is left of these data.'
  );
}
