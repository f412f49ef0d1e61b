// What cloning will do, in words. Pure.
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { CloneDraft } from './clone-draft.ts';

export interface CloneStory {
  vm: Pick<VmView, 'name' | 'powerState' | 'snapshots' | 'filterNames'>;
  draft: CloneDraft;
  /** Names; undefined while they are not chosen. */
  host: string | undefined;
  datastore: string | undefined;
}

export function cloneSentences({ vm, draft, host, datastore }: CloneStory): string[] {
  const name = draft.name.trim();
  const snapshot = vm.snapshots.find(({ id }) => id === draft.snapshotId);
  const state = snapshot ? `the snapshot “${snapshot.name}” of ${vm.name}` : vm.name;
  const sentences = [
    draft.kind === 'linked'
      ? `${name} is made as a linked clone that builds on ${state}.`
      : `${state} is copied to the ${draft.kind === 'template' ? 'template' : 'virtual machine'} ` +
        `${name}.`,
    `It runs on ${host ?? 'no host yet'}, with its files on ${datastore ?? 'no datastore yet'}.`,
  ];
  if (draft.kind === 'linked') {
    sentences.push('The snapshot cannot be deleted while the linked clone lives.');
  } else if (!snapshot && vm.powerState === 'poweredOn') {
    sentences.push(
      `A snapshot of ${vm.name} is taken to copy from, and deleted after. Its clients stay ` +
        'connected.',
    );
  }
  if (vm.filterNames.length > 0) {
    sentences.push(
      `What ${vm.filterNames.join(', ')} wrote is copied as it is, with what they keep beside it.`,
    );
  }
  if (draft.powerOn && draft.kind !== 'template') sentences.push(`${name} is powered on then.`);
  return sentences;
}
