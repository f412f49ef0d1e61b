// The knobs of the lab generator: how much of everything `npm start -- --lab …` makes. Without any
// other knob a lab has the shape and the names of vcsim's default inventory.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type HostVersion, hostVersionSchema } from '#lib/model/inventory.ts';

const count = (most: number) => z.coerce.number().int().min(0).max(most);

const HOSTS_MAX = 2_000;
const VMS_MAX = 20_000;

export const labKnobsSchema = z
  .object({
    datacenters: count(20).min(1).default(1),
    /** Of each datacenter. */
    clusters: count(200).default(1),
    /** Of each cluster. */
    clusterHosts: count(HOSTS_MAX).default(3),
    /** Of each datacenter, in no cluster. */
    standaloneHosts: count(HOSTS_MAX).default(1),
    /** On each cluster and on each standalone host. */
    vms: count(VMS_MAX).default(2),
    /** Of each datacenter, mounted by all its hosts. */
    datastores: count(50).min(1).default(1),
    /** How many VMs run for real, each in a process of its own; the others are off. */
    poweredOn: count(1_000).default(4),
    /** Of the clusters in turn. */
    versions: z.array(hostVersionSchema).min(1).default(['8.0.0']),
    /** Hosts that one process carries. */
    hostsPerProcess: count(HOSTS_MAX).min(1).default(250),
  })
  .refine(
    ({ datacenters, clusters, clusterHosts, standaloneHosts }) =>
      datacenters * (clusters * clusterHosts + standaloneHosts) <= HOSTS_MAX,
    { message: `a lab has at most ${HOSTS_MAX} hosts` },
  )
  .refine(
    ({ datacenters, clusters, standaloneHosts, vms }) =>
      datacenters * (clusters + standaloneHosts) * vms <= VMS_MAX,
    { message: `a lab has at most ${VMS_MAX} virtual machines` },
  );
export type LabKnobs = z.output<typeof labKnobsSchema>;

const KNOBS = {
  datacenters: 'datacenters',
  clusters: 'clusters',
  'cluster-hosts': 'clusterHosts',
  'standalone-hosts': 'standaloneHosts',
  vms: 'vms',
  datastores: 'datastores',
  'powered-on': 'poweredOn',
  versions: 'versions',
  'hosts-per-process': 'hostsPerProcess',
} as const;

export interface LabArguments {
  development: boolean;
  /** Null: the standard lab, or the one that the data folder has. */
  lab: LabKnobs | null;
}

/** Throws an Error in plain words for what it does not know. */
export function readLabArguments(args: string[]): LabArguments {
  const string = { type: 'string' } as const;
  const knobs = Object.fromEntries(Object.keys(KNOBS).map((name) => [name, string]));
  const { values } = parseArgs({
    args,
    options: { dev: { type: 'boolean', default: false }, lab: string, ...knobs },
  });
  const given = Object.entries(KNOBS).flatMap(([name, key]) => {
    const value: unknown = Reflect.get(values, name);
    if (typeof value !== 'string') return [];
    return [[key, key === 'versions' ? value.split(',') : value] as const];
  });
  const { dev: development, lab } = values;
  if (lab === undefined && given.length === 0) return { development, lab: null };
  if (lab !== 'vcsim') {
    throw new Error('The lab that can be generated is called vcsim: --lab vcsim, with knobs.');
  }
  const parsed = labKnobsSchema.safeParse(Object.fromEntries(given));
  if (parsed.success) return { development, lab: parsed.data };
  throw new Error(`The lab cannot be made: ${z.prettifyError(parsed.error)}`);
}

/** The version of the hosts of the cluster with this number. */
export function versionOf({ versions }: LabKnobs, cluster: number): HostVersion {
  return versions[cluster % versions.length] ?? '8.0.0';
}
