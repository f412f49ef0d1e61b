// Objects of a datastore as rows of a table, one for each component; their states in words. Pure.
import type { ObjectComponent, ObjectState } from '#lib/model/storage-object.ts';
import type { DatastoreView } from '#lib/wire/api/datastores.ts';
import type { Tone } from '../ui/badge.tsx';

type StoredObject = DatastoreView['objects'][number];

export interface ComponentRow {
  object: StoredObject;
  /** Null of a vVol, whose provider does not say. */
  component: ObjectComponent | null;
}

interface Words {
  label: string;
  tone: Tone;
}

const OBJECT_STATES: Record<ObjectState, Words> = {
  healthy: { label: 'Healthy', tone: 'ok' },
  reducedRedundancy: { label: 'Reduced availability', tone: 'warn' },
  resyncing: { label: 'Resynchronising', tone: 'info' },
  inaccessible: { label: 'Inaccessible', tone: 'bad' },
  bound: { label: 'Bound', tone: 'ok' },
  unbound: { label: 'Not bound', tone: 'idle' },
};

const STATE_WORDS = new Map<string, Words>(Object.entries(OBJECT_STATES));

/** Undefined for a state that only a newer host knows. */
export function wordsOfState(state: string): Words | undefined {
  return STATE_WORDS.get(state);
}

export const COMPONENT_STATES: Record<ObjectComponent['state'], Words> = {
  active: { label: 'Active', tone: 'ok' },
  stale: { label: 'Active, stale', tone: 'warn' },
  absent: { label: 'Absent', tone: 'bad' },
  degraded: { label: 'Degraded', tone: 'bad' },
};

export function componentRows(objects: readonly StoredObject[]): ComponentRow[] {
  return objects.flatMap((object): ComponentRow[] => {
    if (object.components.length === 0) return [{ object, component: null }];
    return object.components.map((component) => ({ object, component }));
  });
}

/** For sorting and filtering. */
export function diskNames({ id, disks }: StoredObject): string {
  return disks.length === 0 ? id : disks.map(({ vm, label }) => `${vm.name} ${label}`).join(', ');
}

export function isWell(state: ObjectState): boolean {
  return state === 'healthy' || state === 'bound' || state === 'unbound';
}
