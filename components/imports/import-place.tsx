'use client';
// How an imported VM shall be called and where it shall run. Props: `found`, `hosts`, `datastores`,
// `place` and `set`.
import type { DatastoreSummary } from '#lib/wire/api/datastores.ts';
import type { ImportView } from '#lib/wire/api/imports.ts';
import type { HostSummary } from '#lib/wire/api/inventory.ts';
import { formatBytes } from '../format/quantities.ts';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';

export interface ImportPlace {
  /** Null: as the package calls it. */
  name: string | null;
  hostId: string | null;
  datastoreId: string | null;
  powerOn: boolean;
}

/** The body of the call; null while something is not chosen. */
export function importBody(found: ImportView, { hostId, datastoreId, ...place }: ImportPlace) {
  const name = (place.name ?? found.name).trim();
  if (name === '' || hostId === null || datastoreId === null) return null;
  return { name, hostId, datastoreId, powerOn: place.powerOn };
}

export interface ImportPlaceProps {
  found: ImportView;
  hosts: readonly HostSummary[];
  datastores: readonly DatastoreSummary[];
  place: ImportPlace;
  set: (changes: Partial<ImportPlace>) => void;
}

export function ImportPlaceFields({ found, hosts, datastores, place, set }: ImportPlaceProps) {
  const mounted = datastores.filter((datastore) =>
    datastore.hosts.some(({ id }) => id === place.hostId),
  );
  return (
    <>
      <TextField
        label="Name"
        required
        value={place.name ?? found.name}
        onChange={(name) => set({ name })}
      />
      <Select
        label="Host"
        placeholder="Choose a host"
        required
        value={place.hostId}
        options={hosts.map(({ id, name, cluster }) => ({
          ...{ value: id, label: name, help: cluster?.name ?? 'Standalone host' },
        }))}
        onChange={(hostId) => set({ hostId, datastoreId: null })}
      />
      <Select
        label="Datastore"
        placeholder="Choose a datastore"
        required
        disabled={place.hostId === null}
        value={place.datastoreId}
        options={mounted.map(({ id, name, type, freeBytes }) => ({
          ...{ value: id, label: name, help: `${type}, ${formatBytes(freeBytes)} free` },
        }))}
        onChange={(datastoreId) => set({ datastoreId })}
      />
      <Checkbox
        checked={place.powerOn}
        onChange={(powerOn) => set({ powerOn })}
        label="Power on after it was imported"
      />
      <p className="text-muted">
        Its disks have no I/O filters at first: assign a storage policy afterwards.
      </p>
    </>
  );
}
