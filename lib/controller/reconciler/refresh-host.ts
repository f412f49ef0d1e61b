// Asks a host for its state now and writes it, so that what a task has done shows with the task's
// end.

import { report } from '../../wire/agent/host-rpc.ts';
import { isUnreachable } from '../agents/agent-client.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Host } from '../database/generated/client.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { acceptReport } from './accept-report.ts';
import { applyWorlds } from './apply-worlds.ts';

/**
 * Writes the worlds alone; the reconciler follows with the rest, and with all of it when the host
 * is away now.
 */
export async function refreshWorlds(
  { db, agents }: Pick<TaskServices, 'db' | 'agents'>,
  host: Host,
): Promise<void> {
  const query = { knownRevision: -1, knownBootId: '', afterEvent: host.eventCursor, waitMs: 0 };
  const found = await agents.call(host, report, query, { patienceMs: 5_000 }).catch(nullIfAway);
  if (!found) return;
  await transact(db, async (tx) => {
    if (!(await acceptReport(tx, host.id, found))) return;
    await recordChanges(tx, await applyWorlds(tx, host.id, found.worlds));
  });
}

function nullIfAway(error: unknown): null {
  if (isUnreachable(error)) return null;
  throw error;
}
