// How loaded each host of a cluster is, as measured in the last run of DRS: CPU and memory as bars
// with numbers.
// Props: `loads` (0 to 1), `imbalance` (their standard deviation), `hosts` for links.
import type { DrsView } from '#lib/wire/api/operations.ts';
import { formatShare } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';

export interface HostLoadsProps {
  loads: DrsView['hostLoads'];
}

const CRITICAL = 0.9;
const HIGH = 0.7;

export function HostLoads({ loads }: HostLoadsProps) {
  return (
    <table className="w-full max-w-3xl border-collapse">
      <thead>
        <tr className="border-b border-line text-left text-sm text-muted">
          <th className="py-1 pr-4 font-medium">Host</th>
          <th className="py-1 pr-4 font-medium">CPU in use</th>
          <th className="py-1 font-medium">Memory granted</th>
        </tr>
      </thead>
      <tbody>
        {loads.map(({ host, cpu, memory }) => (
          <tr key={host.id} className="h-row border-b border-line">
            <td className="pr-4">
              <ObjectLink id={host.id} name={host.name} />
            </td>
            <td className="pr-4">
              <Load share={cpu} label={`CPU of ${host.name}`} />
            </td>
            <td>
              <Load share={memory} label={`Memory of ${host.name}`} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Load({ share, label }: { share: number; label: string }) {
  const tone = share >= CRITICAL ? 'bad' : share >= HIGH ? 'warn' : 'accent';
  return (
    <span className="flex items-center gap-2">
      <ProgressBar value={share * 100} label={label} tone={tone} className="max-w-52" />
      <span className="w-12 text-right">{formatShare(share)}</span>
    </span>
  );
}
