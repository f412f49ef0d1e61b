// What needs attention of vSphere HA: hosts that have failed or are cut off, and VMs that it could
// not restart.
import type { AlarmView } from '../../wire/api/tasks.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { Prisma } from '../database/generated/client.ts';
import { troubleOf } from '../ha/ha-trouble.ts';

/** Reasons that one alarm names. */
const REASONS_SHOWN = 3;

export async function haAlarms(db: DatabaseTransaction): Promise<AlarmView[]> {
  const [hosts, vms] = await Promise.all([
    db.host.findMany({
      where: { haState: { in: ['hostDown', 'networkIsolated'] } },
      select: { id: true, name: true, haState: true, haReason: true },
    }),
    db.vm.findMany({
      where: { haTrouble: { not: Prisma.DbNull } },
      select: { id: true, name: true, haTrouble: true },
    }),
  ]);
  return [...hosts.map(ofHost), ...vms.flatMap(ofVm)];
}

function ofHost(host: { id: string; name: string; haState: string; haReason: string }): AlarmView {
  const { id, name, haReason } = host;
  const failed = host.haState === 'hostDown';
  const what = failed ? 'has failed' : 'is cut off from the network';
  return {
    id: `${id}:ha`,
    object: { id, name },
    severity: failed ? 'error' : 'warning',
    message: `vSphere HA: ${name} ${what}. ${haReason}`,
    remedy: `Bring ${name} back.`,
  };
}

function ofVm(vm: { id: string; name: string; haTrouble: unknown }): AlarmView[] {
  const trouble = troubleOf(vm.haTrouble);
  if (trouble === null) return [];
  const { id, name } = vm;
  const messages = [...new Set(trouble.reasons.map(({ message }) => message))];
  const remedies = trouble.reasons.flatMap(({ remedy }) => remedy ?? []);
  const why = messages.slice(0, REASONS_SHOWN).join(' ');
  return [
    {
      id: `${id}:ha`,
      object: { id, name },
      severity: 'error',
      message: `vSphere HA cannot restart ${name} of ${trouble.failedHost.name}. ${why}`,
      remedy: remedies[0] ?? `Bring ${trouble.failedHost.name} back.`,
    },
  ];
}
