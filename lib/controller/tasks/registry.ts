// Every kind of task with its handler, which is loaded when the first such task runs. The web
// process submits operations and never imports this.
import { applyRecommendation } from '../drs/apply-recommendation.ts';
import { configureFlash } from '../hosts/configure-flash.ts';
import { disconnectHost } from '../hosts/disconnect-host.ts';
import { enterMaintenance } from '../hosts/enter-maintenance.ts';
import { exitMaintenance } from '../hosts/exit-maintenance.ts';
import { reconnectHost } from '../hosts/reconnect-host.ts';
import { removeFlashContent } from '../hosts/remove-flash-content.ts';
import { installIoFilter } from '../io-filters/install-io-filter.ts';
import {
  resolveIoFilterOnCluster,
  resolveIoFilterOnHost,
} from '../io-filters/resolve-io-filter.ts';
import { uninstallIoFilter } from '../io-filters/uninstall-io-filter.ts';
import { upgradeIoFilter } from '../io-filters/upgrade-io-filter.ts';
import { createVmFiles } from '../vms/create-vm-files.ts';
import { DRS_MIGRATION, migrate } from '../vms/migrate.ts';
import { powerOff } from '../vms/power-off.ts';
import { powerOn } from '../vms/power-on.ts';
import { CLUSTER_TASK_KINDS } from './cluster-task-kinds.ts';
import { DISK_TASK_KINDS } from './disk-task-kinds.ts';
import { MEMBERSHIP_TASK_KINDS } from './membership-task-kinds.ts';
import { OBJECT_TASK_KINDS } from './object-task-kinds.ts';
import { REPLICATION_TASK_KINDS } from './replication-task-kinds.ts';
import { type TaskKind, taskKind } from './task-kind.ts';

const hostTasks = () => import('../hosts/host-tasks.ts');
const resolve = () => import('../io-filters/resolve-io-filter-task.ts');
const migration = taskKind(
  migrate,
  async () => (await import('../vms/migrate-task.ts')).performMigrate,
);

const KINDS: TaskKind[] = [
  ...REPLICATION_TASK_KINDS,
  migration,
  { ...migration, key: DRS_MIGRATION.key },
  taskKind(
    createVmFiles,
    async () => (await import('../vms/create-vm-files-task.ts')).performCreateVmFiles,
  ),
  taskKind(powerOn, async () => (await import('../vms/power-on-task.ts')).performPowerOn),
  taskKind(powerOff, async () => (await import('../vms/power-off-task.ts')).performPowerOff),
  ...DISK_TASK_KINDS,
  taskKind(
    installIoFilter,
    async () => (await import('../io-filters/install-io-filter-task.ts')).performInstallIoFilter,
  ),
  taskKind(
    uninstallIoFilter,
    async () =>
      (await import('../io-filters/uninstall-io-filter-task.ts')).performUninstallIoFilter,
  ),
  taskKind(
    upgradeIoFilter,
    async () => (await import('../io-filters/upgrade-io-filter-task.ts')).performUpgradeIoFilter,
  ),
  taskKind(resolveIoFilterOnHost, async () => (await resolve()).performResolveOnHost),
  taskKind(resolveIoFilterOnCluster, async () => (await resolve()).performResolveOnCluster),
  taskKind(
    enterMaintenance,
    async () => (await import('../hosts/enter-maintenance-task.ts')).performEnterMaintenance,
  ),
  taskKind(
    configureFlash,
    async () => (await import('../hosts/configure-flash-task.ts')).performConfigureFlash,
  ),
  taskKind(
    removeFlashContent,
    async () => (await import('../hosts/remove-flash-content-task.ts')).performRemoveFlashContent,
  ),
  ...MEMBERSHIP_TASK_KINDS,
  ...OBJECT_TASK_KINDS,
  taskKind(exitMaintenance, async () => (await hostTasks()).performExitMaintenance),
  taskKind(disconnectHost, async () => (await hostTasks()).performDisconnectHost),
  taskKind(reconnectHost, async () => (await hostTasks()).performReconnectHost),
  ...CLUSTER_TASK_KINDS,
  taskKind(
    applyRecommendation,
    async () => (await import('../drs/apply-recommendation-task.ts')).performApplyRecommendation,
  ),
];

/** By operation key. */
export const TASK_KINDS: ReadonlyMap<string, TaskKind> = new Map(
  KINDS.map((kind) => [kind.key, kind]),
);
