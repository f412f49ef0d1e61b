// How healthy the objects of a vSAN or vVol datastore are: how many in which state, and each that
// is not whole in its host's own words, which say how far it has resynchronised. Props:
// `datastore`.
import type { DatastoreView } from '#lib/wire/api/datastores.ts';
import { Health } from '../disks/disk-health.tsx';
import { formatNoun } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Card } from '../ui/card.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { resyncPercent } from './resync-percent.ts';

const STATES: Record<string, { label: string; tone: Tone }> = {
  healthy: { label: 'Healthy', tone: 'ok' },
  reducedRedundancy: { label: 'Reduced redundancy', tone: 'warn' },
  resyncing: { label: 'Resynchronising', tone: 'info' },
  inaccessible: { label: 'Inaccessible', tone: 'bad' },
};

export function ObjectHealth({ datastore }: { datastore: DatastoreView }) {
  const { objectHealth, disks } = datastore;
  const states = Object.entries(objectHealth);
  const told = disks.filter(({ health }) => health !== '');
  if (states.length === 0 && told.length === 0) return null;
  return (
    <Card title="Object health">
      <ul className="flex flex-wrap gap-x-6 gap-y-1">
        {states.map(([state, count]) => (
          <li key={state}>
            <Badge tone={STATES[state]?.tone ?? 'info'}>{STATES[state]?.label ?? state}</Badge>{' '}
            {formatNoun(count, 'object')}
          </li>
        ))}
      </ul>
      <ul className="mt-2">
        {told.map(({ vm, diskKey, label, health }) => {
          const percent = resyncPercent(health);
          return (
            <li key={`${vm.id} ${diskKey}`} className="border-t border-line py-1.5">
              <span className="flex flex-wrap items-center gap-x-3">
                <ObjectLink {...vm} />
                <span className="text-muted">{label}</span>
                <span className="ml-auto">
                  <Health text={health} />
                </span>
              </span>
              {percent !== null && (
                <ProgressBar
                  className="mt-1"
                  value={percent}
                  label={`Resynchronisation of ${label} of ${vm.name}`}
                />
              )}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
