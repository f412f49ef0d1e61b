// The part of the table of routes that is about replication.
import { z } from 'zod';
import { verdictSchema } from '../../model/task.ts';
import {
  addBookmarkSchema,
  commitFailoverSchema,
  failOverVmSchema,
  pairTargetSchema,
  recoverVmSchema,
  renameTargetSchema,
  replicationTargetViewSchema,
  targetCheckSchema,
  timelineQuerySchema,
  timelineViewSchema,
  undoFailoverSchema,
  vmReplicationViewSchema,
} from './replication.ts';
import { taskStartedSchema } from './tasks.ts';

const none = z.object({});

export const REPLICATION_ROUTES = {
  listReplicationTargets: {
    method: 'GET',
    path: '/replication-targets',
    answer: z.array(replicationTargetViewSchema),
  },
  pairReplicationTarget: {
    method: 'POST',
    path: '/replication-targets',
    body: pairTargetSchema,
    answer: z.object({ id: z.string() }),
  },
  renameReplicationTarget: {
    method: 'PATCH',
    path: '/replication-targets/{id}',
    body: renameTargetSchema,
    answer: none,
  },
  /** Asks the target now. */
  checkReplicationTarget: {
    method: 'POST',
    path: '/replication-targets/{id}/check',
    body: none,
    answer: targetCheckSchema,
  },
  /** Copies stay at the target. */
  removeReplicationTarget: {
    method: 'DELETE',
    path: '/replication-targets/{id}',
    answer: none,
  },
  readVmReplication: {
    method: 'GET',
    path: '/vms/{id}/replication',
    answer: vmReplicationViewSchema,
  },
  readReplicationTimeline: {
    method: 'GET',
    path: '/vms/{id}/replication/timeline',
    query: timelineQuerySchema,
    answer: timelineViewSchema,
  },
  addReplicationBookmark: {
    method: 'POST',
    path: '/vms/{id}/replication/bookmarks',
    body: addBookmarkSchema,
    answer: none,
  },
  /** Makes a virtual machine of the copies: for good, or for a test. */
  recoverVm: {
    method: 'POST',
    path: '/vms/{id}/replication/recover',
    body: recoverVmSchema,
    answer: taskStartedSchema.extend({ vmId: z.string() }),
  },
  checkRecover: {
    method: 'POST',
    path: '/vms/{id}/replication/recover/check',
    body: recoverVmSchema,
    answer: verdictSchema,
  },
  /** Of a VM that was made for a test: it goes, and all that was written to it. */
  endFailoverTest: {
    method: 'POST',
    path: '/vms/{id}/replication/end-test',
    body: none,
    answer: taskStartedSchema,
  },
  /** Makes a virtual machine of the copies that stands in for this one from then on. */
  failOverVm: {
    method: 'POST',
    path: '/vms/{id}/replication/failover',
    body: failOverVmSchema,
    answer: taskStartedSchema.extend({ vmId: z.string() }),
  },
  checkFailOver: {
    method: 'POST',
    path: '/vms/{id}/replication/failover/check',
    body: failOverVmSchema,
    answer: verdictSchema,
  },
  /** Of the VM that was replaced: what stands in for it goes, and this one may run again. */
  undoFailover: {
    method: 'POST',
    path: '/vms/{id}/replication/failover/undo',
    body: undoFailoverSchema,
    answer: taskStartedSchema,
  },
  /** Of the VM that was replaced: what stands in for it stays for good. */
  commitFailover: {
    method: 'POST',
    path: '/vms/{id}/replication/failover/commit',
    body: commitFailoverSchema,
    answer: taskStartedSchema,
  },
  checkCommitFailover: {
    method: 'POST',
    path: '/vms/{id}/replication/failover/commit/check',
    body: commitFailoverSchema,
    answer: verdictSchema,
  },
} as const;
