// Says that DRS and a filter of the cluster do not go together at present, why, and what mends it.
// Props: `conflicts` of the cluster; nothing is shown when there is none.
import type { Reason } from '#lib/model/fault.ts';
import { Banner } from '../ui/states/banner.tsx';

export interface ConflictBannerProps {
  conflicts: readonly Reason[];
}

export function ConflictBanner({ conflicts }: ConflictBannerProps) {
  if (conflicts.length === 0) return null;
  return (
    <Banner
      tone="warn"
      title="DRS and the I/O filters of this cluster do not go together at present"
      reasons={conflicts}
    >
      <p className="text-muted">
        DRS moves no virtual machine that uses these filters to a host that lacks them.
      </p>
    </Banner>
  );
}
