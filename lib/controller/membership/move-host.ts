// Move host into a cluster, or out of all: it loses the filters of the one and gets those of the
// other.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeMoveHost } from '../../rules/hosts/host-membership.ts';
import type { WantedPrivilege } from '../permissions/missing-privileges.ts';
import { defineOperation } from '../tasks/operation.ts';
import { observeMembership } from './observe-membership.ts';

const moveHostInputSchema = z.object({
  hostId: objectIdSchema,
  /** Null: it becomes a standalone host. */
  clusterId: objectIdSchema.nullable(),
});
export type MoveHostInput = z.infer<typeof moveHostInputSchema>;

export const moveHost = defineOperation({
  key: 'ClusterComputeResource.moveInto',
  label: 'Move host',
  input: moveHostInputSchema,
  cancelable: false,
  async observe(tx, input) {
    const move = await observeMembership(tx, input);
    return { target: move.host, move };
  },
  privileges: ({ move: { host, source, target } }) => [
    { privilege: 'Host.Inventory.MoveHost', objectId: host.id },
    ...[source, target].flatMap((cluster): WantedPrivilege[] =>
      cluster ? [{ privilege: 'Host.Inventory.EditCluster', objectId: cluster.id }] : [],
    ),
  ],
  judge: ({ move }) => judgeMoveHost(move),
});
