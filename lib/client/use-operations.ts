// Every call that starts a task, by name: `const { start, task, isBusy, error } = useSetPower()`.
import { useChange } from './use-call.ts';
import { useTaskCall } from './use-tasks.ts';

export function useSetPower() {
  return useTaskCall('setPower');
}

export function useMigrateVm() {
  return useTaskCall('migrateVm');
}

export function useAssignPolicies() {
  return useTaskCall('assignPolicies');
}

export function useInstallIoFilter() {
  return useTaskCall('installIoFilter');
}

export function useUninstallIoFilter() {
  return useTaskCall('uninstallIoFilter');
}

export function useResolveIoFilter() {
  return useTaskCall('resolveIoFilter');
}

export function useConfigureDrs() {
  return useTaskCall('configureDrs');
}

export function useApplyRecommendation() {
  return useTaskCall('applyRecommendation');
}

/** Runs DRS now and answers with what it found; no task. */
export function useRefreshRecommendations() {
  return useChange('refreshRecommendations');
}

export function useSetMaintenance() {
  return useTaskCall('setMaintenance');
}

export function useSetConnection() {
  return useTaskCall('setConnection');
}
