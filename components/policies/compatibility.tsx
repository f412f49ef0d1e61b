// What could take a disk with a policy's rules, and why the others could not: hosts and datastores.
// Props: `compatibility`.
import type { CompatibilityView } from '#lib/wire/api/policies.ts';
import { formatBytes } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Badge } from '../ui/badge.tsx';
import { ReasonList } from '../ui/reason-list.tsx';

type Target = Pick<CompatibilityView['hosts'][number], 'id' | 'name' | 'compatible' | 'reasons'> & {
  note: string;
};

export function Compatibility({ compatibility }: { compatibility: CompatibilityView }) {
  const { hosts, datastores } = compatibility;
  return (
    <div className="grid gap-6 xl:grid-cols-2">
      <Targets title="Hosts" targets={hosts.map((host) => ({ ...host, note: '' }))} />
      <Targets
        title="Datastores"
        targets={datastores.map((datastore) => ({
          ...datastore,
          note: `${datastore.type}, ${formatBytes(datastore.freeBytes)} free`,
        }))}
      />
    </div>
  );
}

function Targets({ title, targets }: { title: string; targets: readonly Target[] }) {
  const good = targets.filter(({ compatible }) => compatible);
  const ordered = [...good, ...targets.filter(({ compatible }) => !compatible)];
  return (
    <section className="min-w-0">
      <h4 className="mb-1 font-semibold">
        {title}
        <span className="ml-2 font-normal text-muted">
          {`${good.length} of ${targets.length} compatible`}
        </span>
      </h4>
      <ul className="divide-y divide-line border-t border-line">
        {ordered.map((target) => (
          <li key={target.id} className="py-1.5">
            <span className="flex flex-wrap items-center gap-3">
              <ObjectLink id={target.id} name={target.name} />
              <Badge tone={target.compatible ? 'ok' : 'bad'} subtle>
                {target.compatible ? 'Compatible' : 'Incompatible'}
              </Badge>
              <span className="text-sm text-muted">{target.note}</span>
            </span>
            <ReasonList reasons={target.reasons} />
          </li>
        ))}
      </ul>
    </section>
  );
}
