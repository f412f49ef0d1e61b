'use client';
// What a migration moves: the host, the storage, or both. Props: `move`, `actions`, `onChange`.
import type { Verdict } from '#lib/model/verdict.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { RadioGroup } from '../ui/forms/radio-group.tsx';

const MOVES = ['host', 'storage', 'both'] as const;
export type Move = (typeof MOVES)[number];

export function moveOf(text: string | null): Move {
  return MOVES.find((move) => move === text) ?? 'host';
}

export interface MoveChoiceProps {
  move: Move;
  actions: Record<string, Verdict> | undefined;
  onChange: (move: Move) => void;
}

export function MoveChoice({ move, actions, onChange }: MoveChoiceProps) {
  const storage = reasonOf(actions?.relocate);
  return (
    <RadioGroup
      label="What moves"
      value={move}
      options={[
        {
          value: 'host',
          label: 'Compute resource only',
          help: 'To another host; the disks stay where they are.',
          disabledReason: reasonOf(actions?.migrate),
        },
        {
          value: 'storage',
          label: 'Storage only',
          help: 'To another datastore, on the same host.',
          disabledReason: storage,
        },
        {
          value: 'both',
          label: 'Both compute resource and storage',
          disabledReason: storage,
        },
      ]}
      onChange={onChange}
    />
  );
}
