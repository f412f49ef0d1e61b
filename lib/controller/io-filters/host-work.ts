// One step of a filter operation on several hosts, a few at a time: each host's state is kept and
// shown as it goes, what succeeded is kept, and the task fails when one host failed.
import type { Json } from '../../base/json.ts';
import { Fault, type FaultRecord, type Reason, toFaultRecord } from '../../model/fault.ts';
import type { HostFilterState } from '../../model/inventory.ts';
import { type HostReport, report } from '../../wire/agent/host-rpc.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Host } from '../database/generated/client.ts';
import { acceptReport } from '../reconciler/accept-report.ts';
import { writeState } from '../reconciler/apply-filter-states.ts';
import { applyVibs } from '../reconciler/apply-image.ts';
import { waitWhilePaused } from '../tasks/pause-task.ts';
import type { TaskContext } from '../tasks/task-context.ts';

/** Hosts that download at the same time, unless the work says otherwise. */
const HOSTS_AT_ONCE = 3;

export interface HostWork {
  filterId: string;
  hosts: Host[];
  hostsAtOnce?: number;
  /** Says it in the task: Installing trace */
  verb: string;
  /** Does it on one host; throws the host's fault. */
  perform(host: Host): Promise<void>;
  /** Writes the success on one host. */
  succeed(tx: DatabaseTransaction, host: Host): Promise<void>;
}

/** Throws one fault with every failed host's reasons. */
export async function performOnHosts(context: TaskContext, work: HostWork): Promise<void> {
  const failures: { host: Host; fault: FaultRecord }[] = [];
  const waiting = [...work.hosts];
  let done = 0;
  async function worker(): Promise<void> {
    for (let host = waiting.shift(); host; host = waiting.shift()) {
      const fault = await performOnHost(context, work, host);
      if (fault) failures.push({ host, fault });
      done += 1;
      const percent = (done / work.hosts.length) * 100;
      await context.progress(percent, `${work.verb}: ${done} of ${work.hosts.length} hosts`);
    }
  }
  const { hostsAtOnce = HOSTS_AT_ONCE } = work;
  const ends = await Promise.allSettled(Array.from({ length: hostsAtOnce }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  if (failures.length > 0) throw summarise(failures, work.hosts.length);
}

async function performOnHost(
  context: TaskContext,
  work: HostWork,
  host: Host,
): Promise<FaultRecord | null> {
  try {
    await waitWhilePaused(context);
    await work.perform(host);
    await finish(context, work, host);
    return null;
  } catch (error) {
    // A lost lease or a stopping controller: another goes on with this task, so the state stands.
    if (context.signal.aborted && !(context.signal.reason instanceof Fault)) throw error;
    const fault = withHost(host, toFaultRecord(error));
    await setState(context, { hostId: host.id, filterId: work.filterId, state: 'failed', fault });
    return fault;
  }
}

/** The success, together with the image as the host reports it now. */
async function finish(context: TaskContext, work: HostWork, host: Host): Promise<void> {
  const found = await readReport(context, host, null);
  await transact(context.db, async (tx) => {
    const accepted = await acceptReport(tx, host.id, found);
    const changes = accepted ? await applyVibs(tx, host, found.vibs) : [];
    await work.succeed(tx, host);
    await recordChanges(tx, [...changes, ...stateChanges(host)]);
  });
}

/** The host's report: now, or when it differs from the known one. */
function readReport(
  { agents, signal }: TaskContext,
  host: Host,
  known: HostReport | null,
): Promise<HostReport> {
  const query = {
    knownRevision: known?.revision ?? -1,
    knownBootId: known?.bootId ?? '',
    afterEvent: host.eventCursor,
    waitMs: known ? 2_000 : 0,
  };
  return agents.call(host, report, query, { signal, patienceMs: 10_000 });
}

/** Writes one host's state with its change. */
export async function setState(
  { db }: Pick<TaskContext, 'db'>,
  row: {
    hostId: string;
    filterId: string;
    state: HostFilterState;
    progress?: number;
    fault?: FaultRecord;
  },
): Promise<void> {
  await transact(db, async (tx) => {
    const host = await tx.host.findUniqueOrThrow({ where: { id: row.hostId } });
    await writeState(tx, { ...row, fault: row.fault ?? null });
    await recordChanges(tx, stateChanges(host));
  });
}

export function stateChanges({ id, clusterId }: Pick<Host, 'id' | 'clusterId'>) {
  const changes = [{ object: id, path: 'filterStates' }];
  return clusterId === null ? changes : [...changes, { object: clusterId, path: 'filters' }];
}

/** Every reason names the host. */
function withHost(host: Host, record: FaultRecord): FaultRecord {
  const reasons: Reason[] = record.reasons.map((reason) => ({
    ...reason,
    message: reason.message.includes(host.name)
      ? reason.message
      : `${host.name}: ${reason.message}`,
    objects: [...new Set([host.id, ...(reason.objects ?? [])])],
  }));
  return { ...record, message: reasons[0]?.message ?? record.message, reasons };
}

function summarise(failures: { host: Host; fault: FaultRecord }[], hostCount: number): Fault {
  const [first] = failures;
  const reasons = failures.flatMap(({ fault }) => fault.reasons);
  const names = failures.map(({ host }) => host.name).join(', ');
  const where = `${failures.length} of ${hostCount} hosts (${names})`;
  const message = `It failed on ${where}: ${first?.fault.message}`;
  const failedHosts: Json = failures.map(({ host }) => host.id);
  return new Fault(first?.fault.fault ?? 'SystemError', message, {
    reasons,
    data: { failedHosts },
  });
}
