// The host's report: everything that the controller needs to know, in one value with a revision.
import type { HostReport } from '#lib/wire/agent/host-rpc.ts';
import { optionsDigest } from '#lib/wire/agent/options-digest.ts';
import type { HostAgent } from './host-agent.ts';

/** `afterEvent` is the sequence of the last event that the reader has. */
export function reportOf(agent: HostAgent, afterEvent: number): HostReport {
  const { host, identity, image, vms, operations, workloads } = agent;
  const { hostUuid, hostId, maintenanceMode } = identity.value;
  return {
    revision: host.revision.value,
    bootId: agent.bootId,
    hostUuid,
    hostId,
    product: agent.product(),
    maintenanceMode,
    vibs: image.list(),
    datastores: host.datastores.list().map(({ config, ...status }) => ({
      id: config.id,
      name: config.name,
      type: config.type,
      ...status,
      optionsDigest: optionsDigest(config.options),
    })),
    worlds: vms.list().map((runner) => runner.report()),
    operations: operations.list(),
    workloads: workloads.list(),
    daemons: agent.daemons.waitingAt(),
    events: host.events.after(afterEvent),
  };
}
