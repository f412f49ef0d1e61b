// How healthy the objects of a vSAN or vVol datastore are: how many in which state, and each that
// is not well, with how far it has resynchronised. Props: `datastore`.
import type { DatastoreView } from '#lib/wire/api/datastores.ts';
import { Health } from '../disks/disk-health.tsx';
import { formatBytes, formatNoun } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Badge } from '../ui/badge.tsx';
import { Card } from '../ui/card.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { diskNames, isWell, wordsOfState } from './object-rows.ts';

/** The tab with all objects has the others. */
const SHOWN_MAX = 20;

export function ObjectHealth({ datastore }: { datastore: DatastoreView }) {
  const { objectHealth, objects } = datastore;
  const states = Object.entries(objectHealth);
  if (states.length === 0) return null;
  return (
    <Card title="Object health">
      <ul className="flex flex-wrap gap-x-6 gap-y-1">
        {states.map(([state, count]) => (
          <li key={state}>
            <State state={state} /> {formatNoun(count, 'object')}
          </li>
        ))}
      </ul>
      <ul className="mt-2">
        {objects
          .filter(({ state }) => !isWell(state))
          .slice(0, SHOWN_MAX)
          .map((object) => (
            <Unwell key={object.id} object={object} />
          ))}
      </ul>
    </Card>
  );
}

function State({ state }: { state: string }) {
  const { label, tone } = wordsOfState(state) ?? { label: state, tone: 'info' };
  return <Badge tone={tone}>{label}</Badge>;
}

function Unwell({ object }: { object: DatastoreView['objects'][number] }) {
  const { id, disks, health, resyncPercent, bytesToResync } = object;
  return (
    <li className="border-t border-line py-1.5">
      <span className="flex flex-wrap items-center gap-x-3">
        {disks.map(({ vm, diskKey, label }) => (
          <span key={`${vm.id} ${diskKey}`}>
            <ObjectLink {...vm} /> <span className="text-muted">{label}</span>
          </span>
        ))}
        {disks.length === 0 && <span className="text-muted">{id}</span>}
        <span className="ml-auto">
          <Health text={health} />
        </span>
      </span>
      {resyncPercent !== null && (
        <span className="mt-1 flex items-center gap-3">
          <ProgressBar value={resyncPercent} label={`Resynchronisation of ${diskNames(object)}`} />
          <span className="shrink-0 text-muted">{formatBytes(bytesToResync)} left</span>
        </span>
      )}
    </li>
  );
}
