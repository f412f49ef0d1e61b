'use client';
// The banner on the page of a VM with which something is wrong: what it is, what it means for the
// data, and the actions that mend it. One for each kind of trouble.
// Props: `vm`, `restart`.
import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';
import { openDialog } from '#components/shell/dialog-url.ts';
import type { Named, VmView } from '#lib/wire/api/inventory.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Banner } from '../ui/states/banner.tsx';
import type { Restart } from './use-restart.ts';
import { isDown, isFaulted, isOutOfSpace, troubleTitle } from './vm-trouble.ts';

export interface TroubleNoticeProps {
  vm: VmView;
  restart: Restart;
}

export function TroubleNotice({ vm, restart }: TroubleNoticeProps) {
  const { trouble, worldMessage } = vm;
  if (!trouble && !isFaulted(vm)) {
    if (worldMessage === '') return null;
    return (
      <Banner tone="info" title={vm.name}>
        {worldMessage}
      </Banner>
    );
  }
  const text = worldMessage || trouble?.message;
  return (
    <Banner
      tone={isFaulted(vm) || (trouble && !isOutOfSpace(vm)) ? 'bad' : 'warn'}
      title={troubleTitle(vm)}
      actions={<Actions vm={vm} restart={restart} />}
    >
      {text && <p>{text}</p>}
      <Remedy vm={vm} />
    </Banner>
  );
}

function Actions({ vm, restart }: TroubleNoticeProps) {
  const { trouble, actions } = vm;
  return (
    <>
      {isDown(vm) && (
        <Button
          busy={restart.isBusy}
          disabledReason={reasonOf(actions.powerOn)}
          onClick={restart.start}
        >
          Retry power on
        </Button>
      )}
      {trouble?.kind === 'filter' && <Detach vm={vm} filterName={trouble.filterName} />}
      {trouble?.kind === 'noSpace' && <MakeRoom vm={vm} placeId={trouble.datastoreId} />}
    </>
  );
}

/** The ways out of a full datastore; those that are impossible say why. */
function MakeRoom({ vm, placeId }: { vm: VmView; placeId: string }) {
  const router = useRouter();
  const { id, actions } = vm;
  const [place] = placesOf(vm, placeId);
  return (
    <>
      {place && (
        <Button onClick={() => router.push(`/datastores/${place.id}?tab=related`)}>
          {`Show what is on ${place.name}`}
        </Button>
      )}
      <Button
        disabledReason={reasonOf(actions.relocate)}
        onClick={() => openDialog('migrate', { vm: id, move: 'storage' })}
      >
        Migrate storage…
      </Button>
      <Button
        disabledReason={reasonOf(actions.removeAllSnapshots)}
        onClick={() => openDialog('removeSnapshot', { vm: id, scope: 'all' })}
      >
        Delete snapshots…
      </Button>
      {!isDown(vm) && (
        <Button
          variant="danger"
          disabledReason={reasonOf(actions.powerOff)}
          onClick={() => openDialog('power', { vm: id, to: 'poweredOff' })}
        >
          Power off…
        </Button>
      )}
    </>
  );
}

function Detach({ vm, filterName }: { vm: VmView; filterName: string }) {
  const disk = vm.disks.find(({ filters }) => filters.some(({ name }) => name === filterName));
  return (
    <Button
      disabledReason={reasonOf(vm.actions.editPolicies)}
      onClick={() =>
        openDialog('editPolicies', {
          vm: vm.id,
          detach: filterName,
          ...(disk && { disk: String(disk.key) }),
        })
      }
    >
      {`Detach ${filterName}…`}
    </Button>
  );
}

/** What it means for the data, and what to do when no button here does it. */
function Remedy({ vm }: { vm: VmView }) {
  const { trouble, name } = vm;
  switch (trouble?.kind) {
    case 'noSpace':
      return (
        <p>
          {isDown(vm)
            ? 'What was acknowledged is on its disks. Make space on '
            : 'Writes that need space wait; nothing is lost, the guest sees no error. ' +
              'Make space on '}
          <Places places={placesOf(vm, trouble.datastoreId)} />
          {isDown(vm) ? ', and power it on.' : ', and it goes on by itself within seconds.'}
        </p>
      );
    case 'lockLost':
      return (
        <Muted>
          Two hosts never write to a disk at once, so it does not run here. Find the host that has
          its disks open, in the events; once that host lets go, power it on again.
        </Muted>
      );
    case 'storage':
      return (
        <p>
          {'Look whether its host reaches '}
          <Places places={placesOf(vm)} />
          {isDown(vm) ? ', then power it on.' : '.'}
        </p>
      );
    case 'keyMissing':
      return (
        <Muted>
          {`The key is ${trouble.keyId}` +
            (trouble.providerId === null ? '.' : ` of the key provider ${trouble.providerId}.`) +
            ` Without it the disks of ${name} cannot be read by anybody. Restore it at its ` +
            'provider, then power it on.'}
        </Muted>
      );
    default:
      return (
        <Muted>
          {isFaulted(vm) && 'No other virtual machine is touched. '}
          {isDown(vm) && 'What was acknowledged is on its disks.'}
        </Muted>
      );
  }
}

function Muted({ children }: { children: ReactNode }) {
  return <p className="text-muted empty:hidden">{children}</p>;
}

function Places({ places }: { places: readonly Named[] }) {
  return places.map((place, index) => (
    // Within a sentence, colour alone would not tell a link.
    <span key={place.id} className="[&_a]:underline">
      {index > 0 && ', '}
      <ObjectLink {...place} />
    </span>
  ));
}

/** The datastores that it is on; the one alone that is named, when it is among them. */
function placesOf(vm: VmView, id?: string): Named[] {
  const all = [vm.datastore, ...vm.disks.map(({ datastore }) => datastore)];
  const named = all.find((place) => place.id === id);
  return named ? [named] : [...new Map(all.map((place) => [place.id, place])).values()];
}
