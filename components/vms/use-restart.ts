'use client';
// Starts a VM anew whose process has ended. Kept by the page and not by the notice, which is gone
// as soon as the VM runs.
import { useEffect } from 'react';
import { useTaskCall } from '#lib/client/use-tasks.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { showFault, showToast } from '../ui/overlays/toast.tsx';

export interface Restart {
  start: () => void;
  isBusy: boolean;
}

export function useRestart({ id, name }: Pick<VmView, 'id' | 'name'>): Restart {
  const { start, reset, task, error, isBusy } = useTaskCall('setPower');
  const isUp = task?.state === 'success';
  useEffect(() => {
    if (error) showFault(`${name} was not started again`, error);
    else if (isUp) showToast('ok', `${name} runs again`);
  }, [error, isUp, name]);
  return {
    isBusy,
    start() {
      reset();
      void start({ params: { id }, body: { powerState: 'poweredOn' } });
    },
  };
}
