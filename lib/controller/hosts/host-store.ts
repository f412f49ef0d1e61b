// Host rows as the tasks need them.
import { Fault } from '../../model/fault.ts';
import type { HostFacts } from '../../rules/facts.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Host } from '../database/generated/client.ts';
import { readHostFacts } from '../inventory/read-facts.ts';

/** `NotFound` when there is no such host. */
export async function findHost(tx: DatabaseTransaction, id: string): Promise<Host> {
  const host = await tx.host.findUnique({ where: { id } });
  if (!host) throw new Fault('NotFound', `There is no host ${id}.`);
  return host;
}

/** The facts of one host; `NotFound` when there is no such host. */
export async function findHostFacts(tx: DatabaseTransaction, id: string): Promise<HostFacts> {
  const [facts] = await readHostFacts(tx, { id });
  if (!facts) throw new Fault('NotFound', `There is no host ${id}.`);
  return facts;
}
