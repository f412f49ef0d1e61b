// The words of DRS: levels of automation and what they do, priorities, the threshold's five steps.
import type { DrsBehavior, DrsConfig } from '#lib/model/inventory.ts';

export const BEHAVIORS: Record<DrsBehavior, { label: string; help: string }> = {
  manual: {
    label: 'Manual',
    help: 'DRS recommends placements and moves; you apply them.',
  },
  partiallyAutomated: {
    label: 'Partially automated',
    help: 'DRS places virtual machines at power-on; it recommends moves and you apply them.',
  },
  fullyAutomated: {
    label: 'Fully automated',
    help: 'DRS places and moves virtual machines by itself.',
  },
};

/** From the least automated to the most. */
export const BEHAVIOR_NAMES = ['manual', 'partiallyAutomated', 'fullyAutomated'] as const;

const THRESHOLDS = [
  'Mandatory moves only: maintenance mode and rules',
  'Priority 1 and 2: significant improvements',
  'Priority 1 to 3: good improvements',
  'Priority 1 to 4: moderate improvements',
  'All priorities: slight improvements too',
] as const;

export function thresholdLabel(threshold: DrsConfig['threshold']): string {
  return THRESHOLDS[threshold - 1] ?? String(threshold);
}

const PRIORITIES = ['Mandatory', 'Significant', 'Good', 'Moderate', 'Slight'] as const;

/** “1, mandatory”. */
export function priorityLabel(priority: number): string {
  return `${priority}, ${(PRIORITIES[priority - 1] ?? 'unknown').toLowerCase()}`;
}
