// The kinds of tasks that configure a cluster, and those of vSphere HA.
import { configureDrs } from '../clusters/configure-drs.ts';
import { configureHa } from '../ha/configure-ha.ts';
import { failOverHost } from '../ha/fail-over-host.ts';
import { restartVm } from '../ha/restart-vm.ts';
import { setRestartPriority } from '../ha/set-restart-priority.ts';
import { oneKindOf, type TaskKind, taskKind } from './task-kind.ts';

const configure = () => import('../ha/configure-ha-tasks.ts');

export const CLUSTER_TASK_KINDS: readonly TaskKind[] = [
  oneKindOf([
    taskKind(
      configureDrs,
      async () => (await import('../clusters/configure-drs-task.ts')).performConfigureDrs,
    ),
    taskKind(configureHa, async () => (await configure()).performConfigureHa),
    taskKind(setRestartPriority, async () => (await configure()).performSetRestartPriority),
  ]),
  taskKind(
    failOverHost,
    async () => (await import('../ha/fail-over-host-task.ts')).performFailOverHost,
  ),
  taskKind(restartVm, async () => (await import('../ha/restart-vm-task.ts')).performRestartVm),
];
