// The options of a datastore of which nobody but its hosts may learn: sealed before they are a
// task's input, opened only for the call that configures a host.
import { isSealed, type Sealer } from '../secrets/sealer.ts';

export type DatastoreOptions = Readonly<Record<string, string>>;

const SECRET_OPTIONS: ReadonlySet<string> = new Set(['token']);
const PURPOSE = 'datastore option';

export function sealOptions(sealer: Sealer, options: DatastoreOptions): Record<string, string> {
  return mapSecrets(options, (value) => sealer.seal(value, PURPOSE));
}

/** As hosts need them. Throws `InvalidState` for what was sealed under another secret file. */
export function openOptions(sealer: Sealer, options: DatastoreOptions): Record<string, string> {
  return mapSecrets(options, (value) => sealer.open(value, PURPOSE));
}

/** As people may see them. */
export function shownOptions(options: DatastoreOptions): Record<string, string> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !SECRET_OPTIONS.has(name)));
}

/** Whether all that must not be in the database in plain text is sealed. */
export function areSealed(options: DatastoreOptions): boolean {
  return Object.entries(options).every(
    ([name, value]) => !SECRET_OPTIONS.has(name) || isSealed(value),
  );
}

function mapSecrets(options: DatastoreOptions, change: (value: string) => string) {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      SECRET_OPTIONS.has(name) ? change(value) : value,
    ]),
  );
}
