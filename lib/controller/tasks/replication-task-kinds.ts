// The kinds of tasks that recover VMs from their copies, and fail them over.
import { commitFailover } from '../failover/commit-failover.ts';
import { failOverVm, PLANNED_MOVE } from '../failover/fail-over.ts';
import { undoFailover } from '../failover/undo-failover.ts';
import { endFailoverTest } from '../replication/end-test.ts';
import { recoverVm, TEST_FAILOVER } from '../replication/recover-vm.ts';
import { type TaskKind, taskKind } from './task-kind.ts';

const recovery = taskKind(
  recoverVm,
  async () => (await import('../replication/recover-vm-task.ts')).performRecover,
);
const failover = taskKind(
  failOverVm,
  async () => (await import('../failover/fail-over-task.ts')).performFailOver,
);

export const REPLICATION_TASK_KINDS: readonly TaskKind[] = [
  recovery,
  { ...recovery, key: TEST_FAILOVER.key },
  taskKind(
    endFailoverTest,
    async () => (await import('../replication/end-test-task.ts')).performEndTest,
  ),
  failover,
  { ...failover, key: PLANNED_MOVE.key },
  taskKind(
    undoFailover,
    async () => (await import('../failover/undo-failover-task.ts')).performUndoFailover,
  ),
  taskKind(
    commitFailover,
    async () => (await import('../failover/commit-failover-task.ts')).performCommitFailover,
  ),
];
