// The lab that a first start seeds, as plain data: hosts, datastores and virtual machines with real
// disks.
import type { DatastoreType } from '#lib/model/inventory.ts';
import { GIB } from '#lib/model/limits.ts';

export interface LabHost {
  name: string;
  version: string;
  cpuCores: number;
  memoryMib: number;
}

export interface LabVm {
  name: string;
  host: string;
  datastore: string;
  guestFullName: string;
  cpuCount: number;
  memoryMib: number;
  /** Size of each disk in bytes, thin. */
  disks: number[];
  poweredOn: boolean;
  /** Files of an ext4 file system on the first disk. */
  files?: { path: string; text: string }[];
}

export const LAB_DATACENTER = 'Lab';

export const LAB_CLUSTER = {
  name: 'Prod',
  hosts: ['esx01', 'esx02', 'esx03'],
  drs: { enabled: true, behavior: 'partiallyAutomated', threshold: 3 },
} as const;

/** One agent each. esx04 is in no cluster. */
export const LAB_HOSTS: readonly LabHost[] = ['esx01', 'esx02', 'esx03', 'esx04'].map((name) => ({
  name,
  version: '8.0.0',
  cpuCores: 8,
  memoryMib: 16_384,
}));

export interface LabDatastore {
  name: string;
  type: DatastoreType;
  /** Those that mount it. */
  hosts: readonly string[];
}

const ALL_HOSTS = LAB_HOSTS.map(({ name }) => name);

/** Directories below the data folder. */
export const LAB_DATASTORES: readonly LabDatastore[] = [
  { name: 'vmfs-01', type: 'VMFS', hosts: ALL_HOSTS },
  { name: 'nfs-01', type: 'NFS', hosts: ALL_HOSTS },
  { name: 'vsan-01', type: 'vsan', hosts: LAB_CLUSTER.hosts },
  { name: 'vvol-01', type: 'VVOL', hosts: ALL_HOSTS },
];

/** What each host of the vSAN gives to it. */
export const LAB_VSAN_HOST_BYTES = 20 * GIB;

const LINUX = 'Debian GNU/Linux 12 (64-bit)';
const WINDOWS = 'Microsoft Windows Server 2022 (64-bit)';

/** Four of them start on esx01, so that DRS has something to say. */
export const LAB_VMS: readonly LabVm[] = [
  {
    name: 'web01',
    host: 'esx01',
    datastore: 'vmfs-01',
    guestFullName: LINUX,
    cpuCount: 2,
    memoryMib: 2048,
    disks: [1 * GIB],
    poweredOn: true,
  },
  {
    name: 'web02',
    host: 'esx01',
    datastore: 'nfs-01',
    guestFullName: LINUX,
    cpuCount: 2,
    memoryMib: 2048,
    disks: [1 * GIB],
    poweredOn: true,
  },
  {
    name: 'db01',
    host: 'esx01',
    datastore: 'vmfs-01',
    guestFullName: LINUX,
    cpuCount: 4,
    memoryMib: 4096,
    disks: [2 * GIB, 4 * GIB],
    poweredOn: true,
  },
  {
    name: 'app01',
    host: 'esx01',
    datastore: 'vmfs-01',
    guestFullName: LINUX,
    cpuCount: 2,
    memoryMib: 4096,
    disks: [2 * GIB],
    poweredOn: true,
  },
  {
    name: 'files01',
    host: 'esx02',
    datastore: 'nfs-01',
    guestFullName: LINUX,
    cpuCount: 2,
    memoryMib: 2048,
    disks: [1 * GIB],
    poweredOn: true,
    files: [
      {
        path: 'README.txt',
        text: 'This file lives on a virtual disk of files01.\nThe page of the VM says how.\n',
      },
      {
        path: 'reports/2026-11.csv',
        text: 'day,orders,revenue\n2026-11-01,118,9421.50\n2026-11-02,97,8130.25\n',
      },
      { path: 'reports/notes.txt', text: 'Orders fell on the second: a holiday.\n' },
    ],
  },
  {
    name: 'erp01',
    host: 'esx02',
    datastore: 'vsan-01',
    guestFullName: LINUX,
    cpuCount: 2,
    memoryMib: 2048,
    disks: [1 * GIB],
    poweredOn: true,
  },
  {
    name: 'mail01',
    host: 'esx03',
    datastore: 'vvol-01',
    guestFullName: LINUX,
    cpuCount: 2,
    memoryMib: 2048,
    disks: [1 * GIB],
    poweredOn: true,
  },
  {
    name: 'win01',
    host: 'esx04',
    datastore: 'nfs-01',
    guestFullName: WINDOWS,
    cpuCount: 2,
    memoryMib: 4096,
    disks: [4 * GIB],
    poweredOn: false,
  },
];

/** The replication target of the second site. */
export const LAB_TARGET = 'Recovery site';
