// Add host, by the address of its agent and the token that it knows its controller by: into a
// cluster, whose filters it then gets, or beside all clusters.

import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { verdictOf } from '../../model/verdict.ts';
import { addHostSchema } from '../../wire/api/operations.ts';
import { SEALED_TOKEN_CHARACTERS_MAX } from '../agents/agent-token.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { defineOperation } from '../tasks/operation.ts';

const inputSchema = addHostSchema.extend({
  /** Sealed (agents/agent-token.ts). */
  agentToken: z.string().min(1).max(SEALED_TOKEN_CHARACTERS_MAX),
});

export type AddHostInput = z.infer<typeof inputSchema>;

export const addHost = defineOperation({
  key: 'ClusterComputeResource.addHost',
  label: 'Add host',
  input: inputSchema,
  cancelable: true,
  async observe(tx, { name, datacenterId, clusterId }) {
    const place = await findPlace(tx, datacenterId, clusterId);
    const same = await tx.host.findUnique({ where: { name } });
    return { target: place, place, same };
  },
  privileges: ({ place }, { clusterId }) => [
    {
      privilege: clusterId ? 'Host.Inventory.AddHostToCluster' : 'Host.Inventory.AddStandaloneHost',
      objectId: place.id,
    },
  ],
  judge: ({ same }) =>
    verdictOf(
      same
        ? [
            {
              fault: 'DuplicateName',
              message: `A host called ${same.name} is in the inventory already.`,
              objects: [same.id],
            },
          ]
        : [],
    ),
});

/** The cluster, or the datacenter for a standalone host. */
async function findPlace(
  tx: DatabaseTransaction,
  datacenterId: string,
  clusterId: string | null,
): Promise<{ id: string; name: string }> {
  const datacenter = await tx.datacenter.findUnique({ where: { id: datacenterId } });
  if (!datacenter) throw new Fault('NotFound', `There is no datacenter ${datacenterId}.`);
  if (clusterId === null) return datacenter;
  const cluster = await tx.cluster.findUnique({ where: { id: clusterId, datacenterId } });
  if (!cluster) {
    throw new Fault('NotFound', `There is no cluster ${clusterId} in ${datacenter.name}.`);
  }
  return cluster;
}
