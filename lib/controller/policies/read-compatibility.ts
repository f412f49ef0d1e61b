// What could take a disk with given host-based rules, and why the others could not.
import type { Reason } from '../../model/fault.ts';
import { judgeDatastoreForFilters, judgeHostForFilters } from '../../rules/policy-assignment.ts';
import type { CompatibilityView, PolicyRule } from '../../wire/api/policies.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readHostFacts } from '../inventory/read-facts.ts';

export async function readCompatibility(
  db: DatabaseTransaction,
  rules: readonly PolicyRule[],
): Promise<CompatibilityView> {
  const filters = rules.map(({ provider, filterClass }) => ({
    name: provider,
    class: filterClass,
  }));
  const [hosts, datastores] = await Promise.all([
    readHostFacts(db),
    db.datastore.findMany({ orderBy: { name: 'asc' } }),
  ]);
  return {
    hosts: hosts.map((host) => {
      const { allowed, reasons } = judgeHostForFilters(host, filters);
      return { id: host.id, name: host.name, compatible: allowed, reasons };
    }),
    datastores: datastores.map((datastore) => {
      const { id, name, type } = datastore;
      const judged = judgeDatastoreForFilters({ id, name }, hosts, filters);
      const reasons: Reason[] = judged.verdict.reasons;
      return {
        ...{ id, name, type, reasons },
        freeBytes: Number(datastore.freeBytes),
        compatible: judged.verdict.allowed,
        compatibleHosts: judged.compatibleHosts,
      };
    }),
  };
}
