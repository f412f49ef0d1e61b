// Calls of which a page wants more than their result.
import { useChange } from './use-call.ts';
import { useTaskCall } from './use-tasks.ts';

/** `const { start, task, isBusy, error } = useMigrateVm()`: followed to the end of the move. */
export function useMigrateVm() {
  return useTaskCall('migrateVm');
}

/** Runs DRS now and answers with what it found; no task. */
export function useRefreshRecommendations() {
  return useChange('refreshRecommendations');
}
