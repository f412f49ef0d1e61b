// Compliance of a disk or VM with its storage policy, in VMware's words, with what each word means.
// Props: `compliance`, `reason` shown on hover.
import type { Compliance } from '#lib/wire/api/inventory.ts';
import { COMPLIANCE_LABELS } from '#lib/wire/api/vms/vm-columns.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Tooltip } from '../ui/tooltip.tsx';

export interface ComplianceBadgeProps {
  compliance: Compliance;
  reason?: string;
}

const ROWS: Record<Compliance, { tone: Tone; meaning: string }> = {
  compliant: {
    tone: 'ok',
    meaning: 'The disk runs what its policy asks for.',
  },
  nonCompliant: {
    tone: 'bad',
    meaning: 'The disk does not run what its policy asks for.',
  },
  outOfDate: {
    tone: 'warn',
    meaning: 'The policy was edited since it was applied. Apply it again.',
  },
  notApplicable: { tone: 'idle', meaning: 'No storage policy is set.' },
  unknown: { tone: 'idle', meaning: 'The host has not reported it yet.' },
};

/** The compliance of that name; `unknown` for one that is not known here. */
export function complianceOf(name: string): Compliance {
  return isCompliance(name) ? name : 'unknown';
}

export function ComplianceBadge({ compliance, reason }: ComplianceBadgeProps) {
  const { tone, meaning } = ROWS[compliance];
  return (
    <Tooltip content={reason || meaning}>
      <span>
        <Badge tone={tone}>{COMPLIANCE_LABELS[compliance]}</Badge>
      </span>
    </Tooltip>
  );
}

function isCompliance(name: string): name is Compliance {
  return Object.hasOwn(ROWS, name);
}
