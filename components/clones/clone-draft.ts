// A clone while somebody describes it: kind, name, place; what is missing, and the call that it
// makes. Pure.
import type { Provisioning } from '#lib/model/disk-storage.ts';

export type CloneKind = 'vm' | 'linked' | 'template';

export interface CloneDraft {
  kind: CloneKind;
  name: string;
  /** Null copies the present state. */
  snapshotId: number | null;
  hostId: string | null;
  datastoreId: string | null;
  provisioning: Provisioning | 'same';
  powerOn: boolean;
}

export interface CloneBody {
  name: string;
  hostId: string;
  datastoreId: string;
  snapshotId: number | null;
  linked: boolean;
  template: boolean;
  powerOn: boolean;
  provisioning?: Provisioning;
}

const NAME_MAX = 80;

/** What is wrong with the name; it is also that of the folder of the files. */
export function nameProblem(name: string): string | null {
  const text = name.trim();
  if (text === '') return 'Enter a name.';
  if (text.length > NAME_MAX) return `A name has at most ${NAME_MAX} characters.`;
  if (text.startsWith('.')) return 'A name has no dot in front.';
  return /[/\\%\p{Cc}]/u.test(text)
    ? 'A name has no slash, backslash, percent sign or control character.'
    : null;
}

/** Null until everything is there that must be. */
export function cloneBody(draft: CloneDraft): CloneBody | null {
  const { kind, name, snapshotId, hostId, datastoreId, provisioning, powerOn } = draft;
  if (nameProblem(name) !== null || hostId === null || datastoreId === null) return null;
  const linked = kind === 'linked';
  const template = kind === 'template';
  return {
    ...{ name: name.trim(), hostId, datastoreId, snapshotId, linked, template },
    powerOn: powerOn && !template,
    // The disks of a linked clone are redo logs, which have no other way to take space.
    ...(provisioning === 'same' || linked ? {} : { provisioning }),
  };
}
