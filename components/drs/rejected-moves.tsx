// What DRS would have moved but may not: each VM with every host that could not take it and why.
// Props: `faults` of the DRS view.
import type { DrsView } from '#lib/wire/api/operations.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { ReasonList } from '../ui/reason-list.tsx';

export interface RejectedMovesProps {
  faults: DrsView['faults'];
}

export function RejectedMoves({ faults }: RejectedMovesProps) {
  if (faults.length === 0)
    return <p className="text-muted">DRS found a host for every move that it wanted to make.</p>;
  return (
    <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
      {faults.map(({ vm, reasons }) => (
        <li key={vm.id} className="grid gap-2 px-4 py-2 md:grid-cols-[12rem_1fr]">
          <ObjectLink id={vm.id} name={vm.name} />
          <ReasonList reasons={reasons} />
        </li>
      ))}
    </ul>
  );
}
