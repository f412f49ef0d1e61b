// What a migration will do, in words, and the same as a call.
// Props: `vm`, `to` (host, or null), `datastore` (or null), `moved` (a sentence for each file that
// moves, when they were chosen one by one), `body` of the call when storage moves.
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { MigrationTarget } from '#lib/wire/api/operations.ts';
import { formatNoun } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { SameAsCall } from '../ui/same-as-call.tsx';
import { Banner } from '../ui/states/banner.tsx';
import type { RelocateInput } from './relocate-input.ts';

export interface MigrationReviewProps {
  vm: VmView;
  to: MigrationTarget | null;
  datastore: { name: string } | null;
  moved: readonly string[];
  body: RelocateInput | null;
}

export function MigrationReview({ body, ...plan }: MigrationReviewProps) {
  const { vm, to } = plan;
  const call = body
    ? apiCall('relocateVm', { id: vm.id }, { ...body })
    : apiCall('migrateVm', { id: vm.id }, { hostId: to?.host.id ?? '' });
  return (
    <div className="space-y-3 border-t border-line pt-3">
      <h3 className="font-semibold">What will happen</h3>
      <ul className="list-disc space-y-1 pl-5">
        {sentencesOf(plan).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {to && to.verdict.warnings.length > 0 && <Banner tone="warn" reasons={to.verdict.warnings} />}
      <SameAsCall call={call} />
    </div>
  );
}

function sentencesOf({ vm, to, datastore, moved }: Omit<MigrationReviewProps, 'body'>): string[] {
  const live = vm.powerState === 'poweredOn';
  const connections = vm.disks.reduce((sum, disk) => sum + disk.connections, 0);
  const sentences: string[] = [];
  if (to) {
    const rest = datastore || moved.length > 0 ? '.' : '; its disks stay where they are.';
    sentences.push(`${vm.name} moves from ${vm.host.name} to ${to.host.name}${rest}`);
    if (vm.filterNames.length > 0) {
      sentences.push(
        `${vm.filterNames.join(', ')} are loaded from the image of ${to.host.name}, and get the ` +
          'state that they had.',
      );
    }
  }
  if (datastore) {
    sentences.push(
      live
        ? `Its disks are copied to ${datastore.name} while it runs: writes go to both places ` +
            'until all is there. The old files are deleted then.'
        : `Its disks are copied to ${datastore.name}, and the old files are deleted.`,
    );
  }
  sentences.push(...moved);
  if (datastore || moved.length > 0) {
    sentences.push('The copy goes below the filters: what they wrote is copied as it is.');
  }
  if (live) {
    sentences.push(
      `${formatNoun(connections, 'client connection')} stay open. I/O waits for a moment while ` +
        'the disks change hands; the pause is measured and shown here.',
    );
  }
  return sentences;
}
