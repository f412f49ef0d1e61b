// Every reason of a refusal, each with what would mend it.
// Props: `reasons` (a verdict's reasons or warnings), `title` above them.
import type { Reason } from '#lib/model/fault.ts';

export interface ReasonListProps {
  reasons: readonly Reason[];
  title?: string;
}

export function ReasonList({ reasons, title }: ReasonListProps) {
  if (reasons.length === 0) return null;
  return (
    <div>
      {title && <p className="mb-1 font-semibold">{title}</p>}
      <ul className={reasons.length > 1 ? 'list-disc space-y-1 pl-4' : 'space-y-1'}>
        {reasons.map((reason) => (
          <li key={`${reason.fault} ${reason.message}`}>
            {reason.message}
            {reason.remedy && <span className="block text-muted">{reason.remedy}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}
