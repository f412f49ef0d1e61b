'use client';
// What DRS recommends at present, each with its reason; apply one or all.
// Props: `recommendations`.
import { ArrowRight } from 'lucide-react';
import { useState } from 'react';
import { useChange } from '#lib/client/use-call.ts';
import type { RecommendationView } from '#lib/wire/api/operations.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Age } from '../ui/age.tsx';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { showFault } from '../ui/overlays/toast.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { priorityLabel } from './drs-words.ts';

export interface RecommendationsProps {
  recommendations: readonly RecommendationView[];
}

const STATES: Record<RecommendationView['state'], { label: string; tone: Tone }> = {
  pending: { label: 'Pending', tone: 'info' },
  applying: { label: 'Applying', tone: 'info' },
  applied: { label: 'Applied', tone: 'ok' },
  failed: { label: 'Failed', tone: 'bad' },
};

export function Recommendations({ recommendations }: RecommendationsProps) {
  const { mutateAsync } = useChange('applyRecommendation');
  const [busy, setBusy] = useState<readonly string[]>([]);
  const pending = recommendations.filter(({ state }) => state === 'pending');
  const apply = async (chosen: readonly RecommendationView[]) => {
    setBusy(chosen.map(({ id }) => id));
    for (const { id, vm } of chosen) {
      await mutateAsync({ params: { id } }).catch((error: unknown) =>
        showFault(`The move of ${vm.name} was not started`, error),
      );
    }
    setBusy([]);
  };
  return (
    <Section
      title="Recommendations"
      actions={
        <Button
          disabledReason={pending.length === 0 ? 'There is nothing to apply.' : null}
          busy={busy.length > 1}
          onClick={() => void apply(pending)}
        >
          Apply all
        </Button>
      }
    >
      {recommendations.length === 0 ? (
        <EmptyState title="DRS recommends no move">
          The loads are even enough for the threshold, or nothing may move; see below.
        </EmptyState>
      ) : (
        <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
          {recommendations.map((one) => (
            <Row
              key={one.id}
              recommendation={one}
              busy={busy.includes(one.id)}
              onApply={() => void apply([one])}
            />
          ))}
        </ul>
      )}
    </Section>
  );
}

interface RowProps {
  recommendation: RecommendationView;
  busy: boolean;
  onApply: () => void;
}

function Row({ recommendation, busy, onApply }: RowProps) {
  const { vm, from, to, priority, reasonText, createdAt, state } = recommendation;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
      <Badge tone="idle" icon={false}>{`Priority ${priorityLabel(priority)}`}</Badge>
      <span className="inline-flex items-center gap-2">
        <ObjectLink {...vm} />
        <span className="text-muted">from</span>
        <ObjectLink {...from} />
        <ArrowRight aria-label="to" size={13} className="text-muted" />
        <ObjectLink {...to} />
      </span>
      <span className="min-w-48 flex-1">{reasonText}</span>
      <span className="text-sm text-muted">
        <Age at={createdAt} />
      </span>
      {state === 'pending' ? (
        <Button size="small" busy={busy} onClick={onApply}>
          Apply
        </Button>
      ) : (
        <Badge tone={STATES[state].tone}>{STATES[state].label}</Badge>
      )}
    </li>
  );
}
