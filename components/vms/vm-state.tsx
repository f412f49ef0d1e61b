// A VM's state as icon and words: power, and what its world says when something is wrong with it.
// Props: `vm` (summary or view).
import { Monitor } from 'lucide-react';
import type { VmSummary } from '#lib/wire/api/inventory.ts';
import { Badge } from '../ui/badge.tsx';
import { StateIcon, type StateMark } from '../ui/state-icon.tsx';

type VmState = Pick<VmSummary, 'powerState' | 'worldState' | 'worldMessage'>;

const TROUBLED = new Set(['faulted', 'failed', 'lost', 'unknown']);

function markOf({ powerState, worldState }: VmState): StateMark {
  if (powerState === 'poweredOff') return 'stop';
  return TROUBLED.has(worldState) ? 'error' : 'play';
}

export function powerLabel({ powerState }: Pick<VmState, 'powerState'>): string {
  return powerState === 'poweredOn' ? 'Powered on' : 'Powered off';
}

export function VmIcon({ vm, size }: { vm: VmState; size?: number }) {
  return <StateIcon icon={Monitor} mark={markOf(vm)} label={powerLabel(vm)} size={size} />;
}

export function VmStateBadges({ vm }: { vm: VmState }) {
  const troubled = markOf(vm) === 'error';
  return (
    <>
      <Badge tone={vm.powerState === 'poweredOn' ? 'ok' : 'idle'}>{powerLabel(vm)}</Badge>
      {troubled && <Badge tone="bad">{vm.worldMessage || `World: ${vm.worldState}`}</Badge>}
    </>
  );
}
