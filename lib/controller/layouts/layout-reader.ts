// Keeps the copy of the VMs' layouts true: asks a host for those that may have changed unseen (a
// task that ended half way) at once, and for all others now and then, a few at a time.
import { backoffMs } from '../../base/backoff.ts';
import { readVmLayout, type VmLayout } from '../../wire/agent/disk-rpc.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Host } from '../database/generated/client.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { toRunSpec, type VmRow } from '../vms/vm-store.ts';
import { writeLayout } from './write-layout.ts';

/** What a disk takes on its datastore is at most so old. */
const READ_AGAIN_MS = 15 * 60_000;
const AT_ONCE = 8;
const RETRY = { firstMs: 5_000, maxMs: 10 * 60_000 };

export class LayoutReader {
  readonly #services: TaskServices;
  readonly #failures = new Map<string, { count: number; retryAt: number }>();
  #busy = false;

  constructor(services: TaskServices) {
    this.#services = services;
  }

  /** Begins unless it is at it; does not wait. */
  start(host: Host): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#readSome(host)
      .catch((error: unknown) => {
        this.#services.logger.warn({ err: error }, 'layouts could not be read');
      })
      .finally(() => {
        this.#busy = false;
      });
  }

  async #readSome(host: Host): Promise<void> {
    for (const vm of await this.#findDue(host)) {
      try {
        await this.#readOne(vm);
        this.#failures.delete(vm.id);
      } catch (error) {
        const { clock, logger } = this.#services;
        const count = (this.#failures.get(vm.id)?.count ?? 0) + 1;
        const retryAt = clock.monotonic() + backoffMs(RETRY, count - 1);
        this.#failures.set(vm.id, { count, retryAt });
        logger.info({ err: error, vm: vm.name }, 'a layout could not be read');
      }
    }
  }

  /** Those not known first, then the oldest; none that a task holds, or that failed just now. */
  async #findDue(host: Host): Promise<VmRow[]> {
    const { db, clock } = this.#services;
    const before = new Date(clock.now() - READ_AGAIN_MS);
    const waiting = [...this.#failures]
      .filter(([, { retryAt }]) => retryAt > clock.monotonic())
      .map(([id]) => id);
    const due = await db.vm.findMany({
      where: {
        ...{ hostId: host.id, id: { notIn: waiting } },
        OR: [{ layoutReadAt: null }, { layoutReadAt: { lt: before } }],
      },
      orderBy: { layoutReadAt: { sort: 'asc', nulls: 'first' } },
      take: AT_ONCE,
      include: { disks: { orderBy: { key: 'asc' } }, host: true },
    });
    if (due.length === 0) return [];
    const tasks = await db.task.findMany({
      where: { targetId: { in: due.map(({ id }) => id) }, state: { in: ['queued', 'running'] } },
      select: { targetId: true },
    });
    const held = new Set(tasks.map(({ targetId }) => targetId));
    return due.filter(({ id }) => !held.has(id));
  }

  async #readOne(vm: VmRow): Promise<void> {
    const { agents } = this.#services;
    const { layout } = await agents.call(vm.host, readVmLayout, { vm: toRunSpec(vm) });
    await this.#write(vm, layout);
  }

  /** Unless a task has begun, or has written its own answer, since the host was asked. */
  async #write(vm: VmRow, layout: VmLayout): Promise<void> {
    const { db, clock } = this.#services;
    await transact(db, async (tx) => {
      await tx.$queryRaw`SELECT "id" FROM "Vm" WHERE "id" = ${vm.id} FOR UPDATE`;
      const now = await tx.vm.findUnique({ where: { id: vm.id } });
      const isSame = now?.layoutReadAt?.getTime() === vm.layoutReadAt?.getTime();
      if (!now || now.hostId !== vm.hostId || !isSame) return;
      const task = await tx.task.findFirst({
        where: { targetId: vm.id, state: { in: ['queued', 'running'] } },
      });
      if (task) return;
      const changes = await writeLayout(tx, {
        ...{ vmId: vm.id, layout, now: clock.now(), askAgain: false },
      });
      await recordChanges(tx, changes);
    });
  }
}
