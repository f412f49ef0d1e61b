// The shape of a generated lab as plain data, named as vcsim names its inventory: DC0, DC0_C0,
// DC0_C0_H0, DC0_H0, DC0_C0_RP0_VM0, DC0_H0_VM0, LocalDS_0. Pure: the same knobs give the same lab.
import { MIB } from '#lib/model/limits.ts';
import type { LabHost } from '../lab.ts';
import { type LabKnobs, versionOf } from './knobs.ts';

export interface ShapedHost extends LabHost {
  datacenter: string;
  /** Null for a standalone host. */
  cluster: string | null;
}

export interface ShapedVm {
  name: string;
  host: string;
  datastore: string;
  poweredOn: boolean;
}

export interface LabShape {
  datacenters: string[];
  clusters: { name: string; datacenter: string }[];
  hosts: ShapedHost[];
  datastores: { name: string; datacenter: string }[];
  vms: ShapedVm[];
}

/** Of each virtual machine: one core, little memory, a thin disk. */
export const SHAPED_VM = {
  cpuCount: 1,
  memoryMib: 32,
  guestFullName: 'Other (32-bit)',
  diskBytes: 256 * MIB,
} as const;

const HOST = { cpuCores: 2, memoryMib: 4_096 } as const;

export function shapeLab(knobs: LabKnobs): LabShape {
  const shape: LabShape = { datacenters: [], clusters: [], hosts: [], datastores: [], vms: [] };
  for (const number of count(knobs.datacenters)) addDatacenter(shape, knobs, number);
  for (const vm of spread(shape.vms, knobs.poweredOn)) vm.poweredOn = true;
  return shape;
}

function addDatacenter(shape: LabShape, knobs: LabKnobs, number: number): void {
  const datacenter = `DC${number}`;
  shape.datacenters.push(datacenter);
  const first = number * knobs.datastores;
  const datastores = count(knobs.datastores).map((one) => `LocalDS_${first + one}`);
  shape.datastores.push(...datastores.map((name) => ({ name, datacenter })));
  for (const index of count(knobs.clusters)) {
    const cluster = `${datacenter}_C${index}`;
    shape.clusters.push({ name: cluster, datacenter });
    const version = versionOf(knobs, index);
    const hosts = count(knobs.clusterHosts).map((host) => `${cluster}_H${host}`);
    shape.hosts.push(...hosts.map((name) => ({ name, datacenter, cluster, version, ...HOST })));
    addVms(shape, { prefix: `${cluster}_RP0`, hosts, datastores, vms: knobs.vms });
  }
  for (const index of count(knobs.standaloneHosts)) {
    const name = `${datacenter}_H${index}`;
    shape.hosts.push({ name, datacenter, cluster: null, version: versionOf(knobs, 0), ...HOST });
    addVms(shape, { prefix: name, hosts: [name], datastores, vms: knobs.vms });
  }
}

interface Place {
  prefix: string;
  hosts: readonly string[];
  datastores: readonly string[];
  vms: number;
}

/** On the hosts and datastores in turn; a cluster without hosts has none. */
function addVms(shape: LabShape, { prefix, hosts, datastores, vms }: Place): void {
  for (const index of count(vms)) {
    const host = hosts[index % hosts.length];
    const datastore = datastores[index % datastores.length];
    if (host === undefined || datastore === undefined) return;
    shape.vms.push({ name: `${prefix}_VM${index}`, host, datastore, poweredOn: false });
  }
}

/** So many of them, at equal distances. */
function spread<Value>(values: readonly Value[], wanted: number): Value[] {
  const many = Math.min(wanted, values.length);
  return count(many).flatMap((index) => {
    return values.slice(Math.floor((index * values.length) / many)).slice(0, 1);
  });
}

function count(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
