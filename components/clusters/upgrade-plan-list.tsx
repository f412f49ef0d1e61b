// What an upgrade would do on each host: its version, whether it is emptied, which virtual machines
// move where, and what is in the way.
// Props: `plan`.
import type { UpgradePlan } from '#lib/wire/api/operations.ts';
import { formatNoun } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Badge, type Tone } from '../ui/badge.tsx';
import { ReasonList } from '../ui/reason-list.tsx';
import { Banner } from '../ui/states/banner.tsx';

type HostPlan = UpgradePlan['hosts'][number];

const STEPS: Record<HostPlan['step'], { label: string; tone: Tone }> = {
  upgrade: { label: 'Upgrade', tone: 'info' },
  install: { label: 'Install', tone: 'info' },
  nothing: { label: 'Has it already', tone: 'ok' },
};

export function UpgradePlanList({ plan }: { plan: UpgradePlan }) {
  return (
    <div className="space-y-3">
      {!plan.verdict.allowed && (
        <Banner tone="bad" title="This is not possible" reasons={plan.verdict.reasons} />
      )}
      <ol className="divide-y divide-line rounded-lg border border-line" aria-label="Hosts">
        {plan.hosts.map((host) => (
          <Row key={host.host.id} part={host} />
        ))}
      </ol>
    </div>
  );
}

function Row({ part }: { part: HostPlan }) {
  const { host, wave, from, step, maintenance, moves, blocked } = part;
  const { label, tone } = STEPS[step];
  const willFail = blocked.length > 0;
  return (
    <li className="space-y-1 px-3 py-2">
      <p className="flex flex-wrap items-center gap-x-3">
        <ObjectLink {...host} />
        <Badge tone={willFail ? 'bad' : tone} subtle>
          {willFail ? 'Will fail' : label}
        </Badge>
        <span className="text-muted">{from === null ? 'Has no version' : `Has ${from}`}</span>
        {step !== 'nothing' && <span className="text-muted">{`Step ${wave + 1}`}</span>}
        <span className="text-muted">{maintenance ? 'Through maintenance mode' : ''}</span>
      </p>
      {moves.length > 0 && (
        <details>
          <summary className="cursor-pointer select-none">
            {`Moved away first: ${formatNoun(moves.length, 'virtual machine')}`}
          </summary>
          <ul className="list-disc pl-5">
            {moves.map(({ vm, to }) => (
              <li key={vm.id}>{`${vm.name} to ${to.name}`}</li>
            ))}
          </ul>
        </details>
      )}
      {willFail && (
        <div className="text-bad">
          <ReasonList reasons={blocked} />
        </div>
      )}
    </li>
  );
}
