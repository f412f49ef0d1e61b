// What vSphere HA has to say above the tabs of a host and of a virtual machine.
// Props: `host`, or `vm`.
import type { HostView, VmView } from '#lib/wire/api/inventory.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Banner } from '../ui/states/banner.tsx';

export function HostHaNotice({ host: { name, ha } }: { host: HostView }) {
  const title = {
    hostDown: `vSphere HA: ${name} has failed`,
    networkIsolated: `vSphere HA: ${name} is cut off from the network`,
    agentUnreachable: `vSphere HA: the agent of ${name} is unreachable`,
  };
  const { state, reason } = ha;
  if (state === '' || state === 'connected') return null;
  return (
    <Banner tone={state === 'hostDown' ? 'bad' : 'warn'} title={title[state]}>
      {reason}
      {state === 'hostDown' && ' Its virtual machines are restarted where a host can take them.'}
    </Banner>
  );
}

export function VmHaNotice({ vm: { name, ha } }: { vm: VmView }) {
  if (!ha?.trouble) return null;
  const { failedHost, reasons } = ha.trouble;
  return (
    <Banner tone="bad" title={`vSphere HA cannot restart ${name}`} reasons={reasons}>
      <p className="[&_a]:underline">
        <ObjectLink {...failedHost} /> has failed. It starts by itself when a host can take it.
      </p>
    </Banner>
  );
}
