// Keeps the place of what is still loading, so that nothing jumps when it comes.
// Props: `lines` (one grey bar each, a row high) and `label` for readers.

export interface SkeletonProps {
  lines?: number;
  label?: string;
}

const WIDTHS = ['w-3/5', 'w-4/5', 'w-2/5', 'w-3/4', 'w-1/2'] as const;

export function Skeleton({ lines = 3, label = 'Loading' }: SkeletonProps) {
  const bars = Array.from({ length: lines }, (_, index) => WIDTHS[index % WIDTHS.length]);
  return (
    <div role="status" aria-label={label} className="animate-pulse">
      {bars.map((width, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the bars are alike and never move
        <div key={index} className="flex h-row items-center">
          <div className={`h-3 rounded-sm bg-idle-soft ${width}`} />
        </div>
      ))}
    </div>
  );
}
