// Compliance of a disk or VM with its storage policy, in VMware's words, with what each word means.
// Props: `compliance`, `reason` shown on hover.
import type { Compliance } from '#lib/wire/api/inventory.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Tooltip } from '../ui/tooltip.tsx';

export interface ComplianceBadgeProps {
  compliance: Compliance;
  reason?: string;
}

const ROWS: Record<Compliance, { label: string; tone: Tone; meaning: string }> = {
  compliant: {
    label: 'Compliant',
    tone: 'ok',
    meaning: 'The disk runs what its policy asks for.',
  },
  nonCompliant: {
    label: 'Noncompliant',
    tone: 'bad',
    meaning: 'The disk does not run what its policy asks for.',
  },
  outOfDate: {
    label: 'Out of date',
    tone: 'warn',
    meaning: 'The policy was edited since it was applied. Apply it again.',
  },
  notApplicable: { label: 'Not applicable', tone: 'idle', meaning: 'No storage policy is set.' },
  unknown: { label: 'Unknown', tone: 'idle', meaning: 'The host has not reported it yet.' },
};

/** The compliance of that name; `unknown` for one that is not known here. */
export function complianceOf(name: string): Compliance {
  return isCompliance(name) ? name : 'unknown';
}

export function complianceLabel(compliance: Compliance): string {
  return ROWS[compliance].label;
}

export function ComplianceBadge({ compliance, reason }: ComplianceBadgeProps) {
  const { label, tone, meaning } = ROWS[compliance];
  return (
    <Tooltip content={reason || meaning}>
      <span>
        <Badge tone={tone}>{label}</Badge>
      </span>
    </Tooltip>
  );
}

function isCompliance(name: string): name is Compliance {
  return Object.hasOwn(ROWS, name);
}
