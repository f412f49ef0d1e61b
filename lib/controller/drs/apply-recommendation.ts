// Apply recommendation: the move that DRS recommended, as a task on the VM (Drm.ExecuteVMotionLRO).
import { z } from 'zod';
import { Fault, type Reason } from '../../model/fault.ts';
import { verdictOf } from '../../model/verdict.ts';
import { judgeMigration } from '../../rules/placement.ts';
import { findClusterFacts } from '../clusters/cluster-store.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findVmFacts } from '../vms/vm-store.ts';

const applyRecommendationInputSchema = z.object({
  recommendationId: z.string().min(1).max(80),
});
export type ApplyRecommendationInput = z.infer<typeof applyRecommendationInputSchema>;

export const applyRecommendation = defineOperation({
  key: 'ClusterComputeResource.applyRecommendation',
  label: 'Apply recommendation',
  input: applyRecommendationInputSchema,
  cancelable: false,
  async observe(tx, { recommendationId }) {
    const found = await tx.recommendation.findUnique({ where: { id: recommendationId } });
    if (!found) throw new Fault('NotFound', 'DRS no longer makes this recommendation.');
    const vm = await findVmFacts(tx, found.vmId);
    const source = await findHostFacts(tx, vm.hostId);
    const destination = await findHostFacts(tx, found.toHostId);
    const target = await findClusterFacts(tx, found.clusterId);
    return { target, recommendation: found, vm, source, destination };
  },
  privileges: ({ target }) => [{ privilege: 'Resource.ApplyRecommendation', objectId: target.id }],
  judge({ recommendation, vm, source, destination }) {
    const reasons: Reason[] = [];
    if (recommendation.state !== 'pending') {
      const message = `The recommendation to move ${vm.name} is ${recommendation.state} already.`;
      reasons.push({ fault: 'InvalidState', message, objects: [vm.id] });
    }
    return verdictOf([...reasons, ...judgeMigration(vm, source, destination).reasons]);
  },
});
