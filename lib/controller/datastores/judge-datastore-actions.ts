// What the caller may do with a datastore now: delete it, mount and unmount it, host by host.
import { judgeDeleteDatastore, judgeMount, judgeUnmount } from '../../rules/storage/datastores.ts';
import type { DatastoreView } from '../../wire/api/datastores.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { requireDatastore } from '../disks/add-disk.ts';
import { readHostFacts } from '../inventory/read-facts.ts';
import type { Caller } from '../permissions/caller.ts';
import { type ActionFacts, judgeActions } from '../permissions/judge-actions.ts';
import { readRunningTaskReasons } from '../tasks/running-tasks.ts';
import { readDatastoreUsers } from './mount-datastore.ts';

const DELETE = 'delete';

export async function judgeDatastoreActions(
  db: DatabaseTransaction,
  caller: Caller,
  id: string,
): Promise<Pick<DatastoreView, 'actions' | 'unmountActions' | 'otherHosts'>> {
  const datastore = await requireDatastore(db, id);
  const users = await readDatastoreUsers(db, id);
  const hosts = await readHostFacts(db, { datacenterId: datastore.datacenterId });
  const running = (await readRunningTaskReasons(db, [id])).get(id);
  const busy = running ? [running] : [];
  const isMounted = (host: (typeof hosts)[number]) =>
    host.datastores.some((mount) => mount.id === id);
  const facts: Record<string, ActionFacts> = {
    [DELETE]: {
      wanted: [{ privilege: 'Datastore.Delete', objectId: id }],
      reasons: [...busy, ...judgeDeleteDatastore(datastore, users).reasons],
    },
  };
  for (const host of hosts) {
    const verdict = isMounted(host)
      ? judgeUnmount(datastore, host, users)
      : judgeMount(datastore, host);
    facts[host.id] = {
      wanted: [{ privilege: 'Host.Config.Storage', objectId: host.id }],
      reasons: [...busy, ...verdict.reasons],
    };
  }
  const { [DELETE]: remove, ...byHost } = await judgeActions(db, caller, facts);
  const mounted = new Set(hosts.filter(isMounted).map((host) => host.id));
  const entries = Object.entries(byHost);
  return {
    actions: remove ? { [DELETE]: remove } : {},
    unmountActions: Object.fromEntries(entries.filter(([hostId]) => mounted.has(hostId))),
    otherHosts: hosts.flatMap((host) => {
      const verdict = byHost[host.id];
      return mounted.has(host.id) || !verdict ? [] : [{ id: host.id, name: host.name, verdict }];
    }),
  };
}
