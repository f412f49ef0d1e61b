// Puts a new, empty component on another node in the place of one that stays away.
import type { Clock } from '#lib/base/clock.ts';
import type { Membership } from './membership.ts';
import { nodesBySpace } from './node-choice.ts';
import { NodeClient } from './node-client.ts';
import * as calls from './node-rpc.ts';
import { activeIds, type Component, type ObjectConfig } from './object-config.ts';
import type { Replica } from './replica.ts';

/** Whose components they are. */
interface Rebuilt {
  readonly membership: Membership;
  readonly replicas: Map<string, Replica>;
  addReplica(component: Component): Replica;
}

export interface Replacement {
  keeper: Rebuilt;
  lost: Replica;
  /** Of the new component. */
  id: string;
  datastorePath: string;
  clock: Clock;
}

/** False when no node has room, or the configuration could not be changed. */
export async function replaceComponent(parts: Replacement): Promise<boolean> {
  const { keeper, lost, id, datastorePath, clock } = parts;
  const { owner, config } = keeper.membership;
  // The last copy that counts is waited for, however long.
  if (activeIds(config).every((active) => active === lost.id)) return false;
  const taken = config.components.map(({ nodeId }) => nodeId);
  const wantedBytes = lost.role === 'data' ? config.sizeBytes : 0;
  const nodes = await nodesBySpace(datastorePath, { without: taken, wantedBytes });
  const [node] = nodes;
  if (node === undefined) return false;
  const { objectUuid, ...promised } = owner;
  const component = { id, nodeId: node.nodeId, role: lost.role, since: clock.now() };
  const state = lost.role === 'data' ? 'stale' : 'active';
  const swap = (now: ObjectConfig): ObjectConfig => ({
    ...now,
    components: now.components.map((each) =>
      each.id === lost.id ? { ...component, state } : each,
    ),
  });
  const first = { ...swap(config), term: 0, number: 0 };
  const client = new NodeClient(datastorePath, node.nodeId);
  const made = { objectUuid, componentId: id, config: first, promised, fresh: true };
  await client.call(calls.createComponent, made);
  keeper.addReplica({ ...component, state });
  const committed = await keeper.membership.commit(swap);
  if (committed) keeper.replicas.delete(lost.id);
  else keeper.replicas.delete(id);
  if (!committed) await client.call(calls.removeComponent, { objectUuid });
  return committed;
}
