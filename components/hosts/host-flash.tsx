'use client';
// Configure › Virtual flash resource of a host: how large it is, what lies there and whose it is,
// and the way to add, resize or remove it. Props: `host`.
import { Zap } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { useHostFlash } from '#lib/client/use-inventory.ts';
import type { FlashView } from '#lib/wire/api/flash.ts';
import type { HostView } from '#lib/wire/api/inventory.ts';
import { formatBytes } from '../format/quantities.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { FlashContents } from './flash-contents.tsx';
import { dirtyBytesOf, FLASH_STATES } from './flash-words.ts';

export function HostFlash({ host }: { host: HostView }) {
  return (
    <QueryState query={useHostFlash(host.id)} lines={6}>
      {(flash) => (
        <Section
          title="Virtual flash resource"
          description={
            'A part of the host’s own store for what I/O filters keep on this host alone, such ' +
            'as the write-back log of a cache.'
          }
          actions={<Actions flash={flash} />}
        >
          <Content flash={flash} />
        </Section>
      )}
    </QueryState>
  );
}

function Actions({ flash: { host, capacityBytes, actions } }: { flash: FlashView }) {
  const disabledReason = reasonOf(actions.configure);
  const open = (to: string) => openDialog('configureFlash', { host: host.id, to });
  if (capacityBytes === 0) {
    return (
      <Button disabledReason={disabledReason} onClick={() => open('size')}>
        Add capacity…
      </Button>
    );
  }
  return (
    <>
      <Button disabledReason={disabledReason} onClick={() => open('size')}>
        Change capacity…
      </Button>
      <Button disabledReason={disabledReason} onClick={() => open('remove')}>
        Remove…
      </Button>
    </>
  );
}

function Content({ flash }: { flash: FlashView }) {
  const { host, capacityBytes, usedBytes, storeFreeBytes, state, message, contents } = flash;
  if (state === 'failed' || state === 'unknown') {
    const title =
      state === 'failed' ? 'The virtual flash resource fails' : `${host.name} cannot be asked`;
    return (
      <Banner tone="bad" title={title}>
        {message}
      </Banner>
    );
  }
  if (state === 'none' && contents.length === 0) {
    return (
      <EmptyState icon={Zap} title="This host has no virtual flash resource">
        Caches that write back write through on this host until it has one.
      </EmptyState>
    );
  }
  const free = Math.max(capacityBytes - usedBytes, 0);
  const share = capacityBytes === 0 ? 100 : (usedBytes / capacityBytes) * 100;
  const { tone, label } = FLASH_STATES[state];
  return (
    <div className="space-y-4">
      <ProgressBar
        value={share}
        label={`Reserved of the virtual flash resource of ${host.name}`}
        tone={free === 0 ? 'warn' : 'accent'}
      />
      <PropertyList
        columns={2}
        items={[
          { label: 'State', value: <Badge tone={tone}>{label}</Badge> },
          { label: 'Capacity', value: formatBytes(capacityBytes) },
          { label: 'Reserved', value: formatBytes(usedBytes) },
          { label: 'Free', value: formatBytes(free) },
          { label: 'Not yet on the disks', value: formatBytes(dirtyBytesOf(flash)) },
          { label: 'Free on the local store', value: formatBytes(storeFreeBytes) },
        ]}
      />
      <FlashContents hostId={host.id} contents={contents} />
    </div>
  );
}
