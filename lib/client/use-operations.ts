// Calls of which a page wants more than their result: tasks followed to their end, and verdicts on
// what somebody is about to ask for.
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { Verdict } from '../model/verdict.ts';
import { type CallOptions, callRoute } from './call.ts';
import type { ProblemError } from './problem-error.ts';
import { queryKey } from './query-keys.ts';
import { useChange } from './use-call.ts';
import { useTaskCall } from './use-tasks.ts';

/** `const { start, task, isBusy, error } = useMigrateVm()`: followed to the end of the move. */
export function useMigrateVm() {
  return useTaskCall('migrateVm');
}

/** Storage migration, with a change of host or without. */
export function useRelocateVm() {
  return useTaskCall('relocateVm');
}

/** Runs DRS now and answers with what it found; no task. */
export function useRefreshRecommendations() {
  return useChange('refreshRecommendations');
}

type VmCheckRoute =
  | 'checkClone'
  | 'checkRelocate'
  | 'checkAddDisk'
  | 'checkRecover'
  | 'checkFailOver'
  | 'checkCommitFailover';

/**
 * Whether the call with this body would be allowed now, with all reasons. Null asks nothing yet.
 */
export function useVmCheck<Route extends VmCheckRoute>(
  route: Route,
  vmId: string,
  body: CallOptions<Route>['body'] | null,
): UseQueryResult<Verdict, ProblemError> {
  return useCheck(route, vmId, body);
}

/** Whether the objects can be moved into the folder, or below the datacenter; null asks nothing. */
export function useMoveCheck(
  destinationId: string | null,
  objectIds: readonly string[],
): UseQueryResult<Verdict, ProblemError> {
  const body = destinationId === null ? null : { objectIds: [...objectIds] };
  return useCheck('checkMoveObjects', destinationId ?? '', body);
}

function useCheck<Route extends VmCheckRoute | 'checkMoveObjects'>(
  route: Route,
  id: string,
  body: CallOptions<Route>['body'] | null,
): UseQueryResult<Verdict, ProblemError> {
  const params = { id };
  return useQuery<Verdict, ProblemError>({
    queryKey: queryKey(route, { params, query: { body: JSON.stringify(body) } }),
    queryFn: ({ signal }) => callRoute(route, { params, body, signal }),
    enabled: body !== null,
    // While somebody types, the verdict on what stood there before is better than none.
    placeholderData: (before) => before,
  });
}
