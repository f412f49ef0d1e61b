'use client';
// Starts a VM anew whose process has ended: powers it off, which clears what is left, and then on.
// Kept by the page and not by the notice, which is gone as soon as the VM is off.
import { useEffect, useState } from 'react';
import { useTaskCall } from '#lib/client/use-tasks.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { showFault, showToast } from '../ui/overlays/toast.tsx';

export interface Restart {
  start: () => void;
  isBusy: boolean;
}

export function useRestart({ id, name }: Pick<VmView, 'id' | 'name'>): Restart {
  const off = useTaskCall('setPower');
  const on = useTaskCall('setPower');
  const [step, setStep] = useState<'none' | 'off' | 'on'>('none');
  const startOn = on.start;
  const isOff = off.task?.state === 'success';
  useEffect(() => {
    if (step !== 'off' || !isOff) return;
    setStep('on');
    void startOn({ params: { id }, body: { powerState: 'poweredOn' } });
  }, [step, isOff, id, startOn]);
  const error = off.error ?? on.error;
  const isUp = step === 'on' && on.task?.state === 'success';
  useEffect(() => {
    if (step === 'none' || !(error || isUp)) return;
    setStep('none');
    if (error) showFault(`${name} was not started again`, error);
    else showToast('ok', `${name} runs again`);
  }, [step, error, isUp, name]);
  return {
    isBusy: step !== 'none',
    start() {
      off.reset();
      on.reset();
      setStep('off');
      void off.start({ params: { id }, body: { powerState: 'poweredOff' } });
    },
  };
}
