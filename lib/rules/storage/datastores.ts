// Whether a datastore may be created, mounted on a host, unmounted there, or deleted.
import type { Reason } from '../../model/fault.ts';
import type { DatastoreType } from '../../model/inventory.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { DatastoreFacts, HostFacts } from '../facts.ts';

/** A VM with files on the datastore. */
export interface DatastoreUser {
  id: string;
  name: string;
  hostId: string;
}

export interface NewDatastoreFacts {
  name: string;
  path: string;
  type: DatastoreType;
  options: Readonly<Record<string, string>>;
  hosts: HostFacts[];
  /** Those that have the name or the place already. */
  others: { id: string; name: string; path: string }[];
}

/** A vSAN with fewer keeps no disk through the loss of one. */
const VSAN_HOSTS_MIN = 3;

export function judgeCreateDatastore(facts: NewDatastoreFacts): Verdict {
  const { name, path, hosts, others } = facts;
  const reasons: Reason[] = [...hosts.flatMap(connectionReasons), ...typeReasons(facts)];
  for (const other of others) {
    if (other.name === name) {
      const message = `There is a datastore ${name} already.`;
      reasons.push({ fault: 'DuplicateName', message, objects: [other.id] });
    } else {
      const message = `The datastore ${other.name} is at ${path} already.`;
      reasons.push({ fault: 'AlreadyExists', message, objects: [other.id] });
    }
  }
  return verdictOf(reasons);
}

/** What each type needs beyond a directory. */
function typeReasons({ type, options, hosts }: NewDatastoreFacts): Reason[] {
  const reasons: Reason[] = [];
  const refuse = (message: string, remedy: string): void => {
    reasons.push({ fault: 'InvalidArgument', message, remedy });
  };
  const known = Object.keys(options).filter((name) => isOption(type, name));
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      refuse(`A ${type} datastore has no option ${name}.`, 'Leave it out.');
  }
  if (type === 'VVOL' && !/^http:\/\/[^/?#@]+\/?$/.test(options.provider ?? '')) {
    const remedy = 'Give its address, such as http://127.0.0.1:8093, as the option provider.';
    refuse('A vVol datastore needs the address of its storage provider.', remedy);
  }
  if (type === 'VVOL' && !options.token) {
    refuse('A vVol datastore needs a token.', 'Give the storage provider’s as the option token.');
  }
  const capacity = options.capacityBytes ?? '1';
  if (type === 'vsan' && !/^[1-9]\d{0,15}$/.test(capacity)) {
    refuse(`"${capacity}" is no number of bytes.`, 'Give the capacity of each host in bytes.');
  }
  if (type === 'vsan' && hosts.length < VSAN_HOSTS_MIN) {
    const remedy = `Choose ${VSAN_HOSTS_MIN} hosts: two keep a copy each, one is the witness.`;
    refuse(`A vSAN needs ${VSAN_HOSTS_MIN} hosts.`, remedy);
  }
  return reasons;
}

function isOption(type: DatastoreType, name: string): boolean {
  if (type === 'VVOL') return name === 'provider' || name === 'token';
  return type === 'vsan' && (name === 'capacityBytes' || name.startsWith('directory.'));
}

export function judgeMount(datastore: DatastoreFacts, host: HostFacts): Verdict {
  const reasons = connectionReasons(host);
  if (host.datastores.some(({ id }) => id === datastore.id)) {
    reasons.push({
      fault: 'AlreadyExists',
      message: `${host.name} mounts ${datastore.name} already.`,
      objects: [host.id, datastore.id],
    });
  }
  return verdictOf(reasons);
}

export function judgeUnmount(
  datastore: DatastoreFacts,
  host: HostFacts,
  users: readonly DatastoreUser[],
): Verdict {
  const reasons = connectionReasons(host);
  if (!host.datastores.some(({ id }) => id === datastore.id)) {
    const message = `${host.name} does not mount ${datastore.name}.`;
    reasons.push({ fault: 'NotFound', message, objects: [host.id] });
  }
  const here = users.filter(({ hostId }) => hostId === host.id);
  return verdictOf([...reasons, ...inUse(datastore, here, `on ${host.name} `)]);
}

/** Its files stay; what is on it must have gone before. */
export function judgeDeleteDatastore(
  datastore: DatastoreFacts,
  users: readonly DatastoreUser[],
): Verdict {
  return verdictOf(inUse(datastore, users, ''));
}

function inUse(
  datastore: DatastoreFacts,
  users: readonly DatastoreUser[],
  where: string,
): Reason[] {
  if (users.length === 0) return [];
  const shown = users.slice(0, 3).map(({ name }) => name);
  const more = users.length > shown.length ? ` and ${users.length - shown.length} more` : '';
  return [
    {
      fault: 'ResourceInUse',
      message: `${datastore.name} is in use ${where}by ${shown.join(', ')}${more}.`,
      remedy: 'Move them to another datastore, or delete them.',
      objects: users.slice(0, 20).map(({ id }) => id),
    },
  ];
}

function connectionReasons(host: HostFacts): Reason[] {
  if (host.connectionState === 'connected') return [];
  const message = `${host.name} is not connected.`;
  const remedy = `Reconnect ${host.name}.`;
  return [{ fault: 'HostNotConnected', message, remedy, objects: [host.id] }];
}
