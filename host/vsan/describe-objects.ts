// The objects of a vSAN datastore with their components, as an admin sees them: put together from
// what the nodes that answer know, without the owners.
import type { ObjectComponent, StorageObject } from '#lib/model/storage-object.ts';
import { REGION_BYTES } from './dirty-log.ts';
import { NodeClient } from './node-client.ts';
import { type NodeEntry, registeredNodes } from './node-registry.ts';
import * as calls from './node-rpc.ts';
import type { Component } from './object-config.ts';
import { newestOf } from './open-object.ts';
import { healthOf } from './vsan-datastore.ts';

interface Answers {
  nodes: readonly NodeEntry[];
  /** Of those that answered. */
  byNode: ReadonlyMap<string, readonly calls.ComponentReport[]>;
}

export async function describeObjects(datastorePath: string): Promise<StorageObject[]> {
  const nodes = await registeredNodes(datastorePath);
  const byNode = new Map<string, calls.ComponentReport[]>();
  await Promise.allSettled(
    nodes.map(async ({ nodeId }) => {
      const client = new NodeClient(datastorePath, nodeId);
      byNode.set(nodeId, (await client.call(calls.describe, { objectUuid: null })).components);
    }),
  );
  const all = [...byNode.values()].flat();
  const uuids = [...new Set(all.map(({ objectUuid }) => objectUuid))].sort();
  return uuids.map((uuid) => describeOne(uuid, { nodes, byNode }));
}

function describeOne(objectUuid: string, answers: Answers): StorageObject {
  const reports = [...answers.byNode.values()]
    .flat()
    .filter((report) => report.objectUuid === objectUuid);
  const health = healthOf(objectUuid, reports);
  const config = newestOf(reports);
  // Each copy has its own log: a stale one lacks what it or a current one has marked.
  const dirty = Math.max(0, ...reports.map(({ dirtyRegions }) => dirtyRegions)) * REGION_BYTES;
  const components = (config?.components ?? []).map((component) => {
    const report = reports.find(({ componentId }) => componentId === component.id);
    const whole = report?.fresh ? health.sizeBytes : Math.min(dirty, health.sizeBytes);
    const left = report?.resyncBytesLeft ?? whole;
    return describeComponent(component, { answers, report, left });
  });
  const returning = components.some(({ role, state }) => role === 'data' && state === 'stale');
  const lost = components.some(({ state }) => state === 'absent' || state === 'degraded');
  const resyncing = health.state === 'reducedRedundancy' && returning && !lost;
  return {
    id: objectUuid,
    state: resyncing ? 'resyncing' : health.state,
    sizeBytes: health.sizeBytes,
    usedBytes: health.allocatedBytes,
    bytesToResync: Math.max(0, ...components.map(({ bytesToResync }) => bytesToResync)),
    components,
    holder: null,
  };
}

interface Seen {
  answers: Answers;
  report: calls.ComponentReport | undefined;
  left: number;
}

function describeComponent(
  { id, nodeId, role, state }: Component,
  { answers: { nodes, byNode }, report, left }: Seen,
): ObjectComponent {
  const hostName = nodes.find((node) => node.nodeId === nodeId)?.hostName ?? nodeId;
  const missing = byNode.has(nodeId) ? ('degraded' as const) : ('absent' as const);
  const isStale = role === 'data' && state === 'stale';
  return {
    ...{ id, hostName, role, votes: 1 },
    state: report === undefined ? missing : state,
    bytesToResync: isStale ? left : 0,
  };
}
