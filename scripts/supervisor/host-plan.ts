// Which host agents and storage providers run here: names from the lab, each with ports and a token
// that it keeps over restarts.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { isPortFree } from '#lib/controller/database/free-port.ts';
import { LAB_HOSTS } from '../lab/lab.ts';
import { keepSecret, replaceFile } from './data-folder.ts';

const ADDRESS = '127.0.0.1';
/** How many ports above the wanted one are tried. */
const PORTS_TRIED = 500;

const portsSchema = z.record(z.string(), z.number().int());

export interface PlannedHost {
  name: string;
  /** State of the agent: image, VMs, events. */
  directory: string;
  port: number;
  token: string;
  url: string;
  version: string;
  cpuCores: number;
  memoryMib: number;
}

export interface PlannedProvider {
  port: number;
  nbdPort: number;
  token: string;
  url: string;
}

/** The replication target of the lab's second site. */
export interface PlannedTarget {
  port: number;
  rpcPort: number;
  nbdPort: number;
  token: string;
}

export interface Plan {
  hosts: PlannedHost[];
  provider: PlannedProvider;
  target: PlannedTarget;
}

/** Plans the processes. A remembered port is used again when it is free, else the next one. */
export async function planHosts(dataFolder: string, firstPort: number): Promise<Plan> {
  const file = path.join(dataFolder, 'agent-ports.json');
  const ports = existsSync(file) ? portsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : {};
  const kept = new Set(Object.values(ports));
  const choose = async (name: string, first: number): Promise<number> => {
    const last = ports[name];
    if (last !== undefined) kept.delete(last);
    const port = await findPort(last ?? first, kept);
    kept.add(port);
    ports[name] = port;
    return port;
  };
  const secret = (name: string) => keepSecret(path.join(dataFolder, 'secrets', name));
  const hosts: PlannedHost[] = [];
  for (const [index, host] of LAB_HOSTS.entries()) {
    const port = await choose(host.name, firstPort + index);
    const directory = path.join(dataFolder, 'hosts', host.name);
    const token = secret(`agent-${host.name}`);
    hosts.push({ ...host, directory, port, token, url: `http://${ADDRESS}:${port}` });
  }
  const above = firstPort + LAB_HOSTS.length;
  const port = await choose('storage-provider', above);
  const nbdPort = await choose('storage-provider data', above + 1);
  const url = `http://${ADDRESS}:${port}`;
  const provider = { port, nbdPort, token: secret('storage-provider'), url };
  const target = {
    port: await choose('replication-target', above + 2),
    rpcPort: await choose('replication-target calls', above + 3),
    nbdPort: await choose('replication-target data', above + 4),
    token: secret('replication-target'),
  };
  replaceFile(file, JSON.stringify(ports, null, 2));
  return { hosts, provider, target };
}

/** The first free port from the wanted one on that no other host keeps. */
async function findPort(wanted: number, kept: Set<number>): Promise<number> {
  for (let port = wanted; port < wanted + PORTS_TRIED && port < 65_536; port++) {
    if (!kept.has(port) && (await isPortFree(ADDRESS, port))) return port;
  }
  throw new Error(`No free port for a host from ${wanted} on: set SLUICE_AGENT_PORT.`);
}
