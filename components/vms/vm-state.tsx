// A VM's state as icon and words: power, template, and what its world says when something is wrong
// with it.
// Props: `vm` (summary or view).
import { LayoutTemplate, Monitor } from 'lucide-react';
import type { VmSummary } from '#lib/wire/api/inventory.ts';
import { powerLabel } from '#lib/wire/api/vms/vm-columns.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { StateIcon, type StateMark } from '../ui/state-icon.tsx';
import { isOutOfSpace } from './vm-trouble.ts';

type VmState = Pick<VmSummary, 'powerState' | 'worldState' | 'trouble' | 'isTemplate'>;

const TROUBLED = new Set(['faulted', 'failed', 'lost', 'unknown']);
const POWER: Record<VmState['powerState'], { tone: Tone; mark: StateMark }> = {
  poweredOn: { tone: 'ok', mark: 'play' },
  poweredOff: { tone: 'idle', mark: 'stop' },
  suspended: { tone: 'warn', mark: 'pause' },
};

function markOf(vm: VmState): StateMark {
  if (vm.isTemplate) return 'none';
  const isOn = vm.powerState === 'poweredOn';
  if (isOn && TROUBLED.has(vm.worldState)) return 'error';
  return isOn && vm.trouble ? 'warning' : POWER[vm.powerState].mark;
}

export function VmIcon({ vm, size }: { vm: VmState; size?: number }) {
  const icon = vm.isTemplate ? LayoutTemplate : Monitor;
  return <StateIcon icon={icon} mark={markOf(vm)} label={powerLabel(vm)} size={size} />;
}

export function VmStateBadges({ vm }: { vm: VmState }) {
  const mark = markOf(vm);
  if (vm.isTemplate) return <Badge tone="info">Template</Badge>;
  return (
    <>
      <Badge tone={POWER[vm.powerState].tone}>{powerLabel(vm)}</Badge>
      {mark === 'error' && <Badge tone="bad">Failed</Badge>}
      {mark === 'warning' && (
        <Badge tone="warn">{isOutOfSpace(vm) ? 'Paused: no space' : 'Needs attention'}</Badge>
      )}
    </>
  );
}
