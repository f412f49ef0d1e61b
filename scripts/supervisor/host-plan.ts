// Which host agents and storage providers run here: names from the lab, each with ports and a token
// that it keeps over restarts. A generated lab has many hosts in each process.
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { isPortFree } from '#lib/controller/database/free-port.ts';
import type { LabHost } from '../lab/lab.ts';
import { keepSecret, replaceFile } from './data-folder.ts';
import type { KeptLab } from './kept-lab.ts';

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

/** An agent's process with the hosts that it carries. */
export interface PlannedAgent {
  name: string;
  port: number;
  hosts: PlannedHost[];
  /** Of several hosts: the file that says so to their process. */
  hostsFile: string | null;
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
  agents: PlannedAgent[];
  provider: PlannedProvider;
  target: PlannedTarget;
}

/** Plans the processes. A remembered port is used again when it is free, else the next one. */
export async function planHosts(
  dataFolder: string,
  firstPort: number,
  lab: KeptLab,
): Promise<Plan> {
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
  const agents: PlannedAgent[] = [];
  for (const [index, { name, hosts: carried }] of processesOf(lab).entries()) {
    const port = await choose(name, firstPort + index);
    const url = `http://${ADDRESS}:${port}`;
    const hosts = carried.map((host) => {
      const directory = path.join(dataFolder, 'hosts', host.name);
      return { ...host, directory, port, token: tokenOf(dataFolder, lab, host.name), url };
    });
    const hostsFile = lab.knobs ? writeHostsFile(dataFolder, name, hosts) : null;
    agents.push({ name, port, hosts, hostsFile });
  }
  const above = firstPort + agents.length;
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
  return { agents, provider, target };
}

function processesOf({ knobs, hosts }: KeptLab): { name: string; hosts: readonly LabHost[] }[] {
  if (!knobs) return hosts.map((host) => ({ name: host.name, hosts: [host] }));
  const { hostsPerProcess } = knobs;
  const many = Math.ceil(hosts.length / hostsPerProcess);
  return Array.from({ length: many }, (_, index) => ({
    name: `hosts-${index + 1}`,
    hosts: hosts.slice(index * hostsPerProcess, (index + 1) * hostsPerProcess),
  }));
}

/** A secret file for each of a thousand hosts would be a thousand files: one makes all of them. */
function tokenOf(dataFolder: string, { knobs }: KeptLab, name: string): string {
  const secrets = path.join(dataFolder, 'secrets');
  if (!knobs) return keepSecret(path.join(secrets, `agent-${name}`));
  const secret = keepSecret(path.join(secrets, 'agents'));
  return createHmac('sha256', secret).update(name).digest('base64url');
}

function writeHostsFile(dataFolder: string, name: string, hosts: readonly PlannedHost[]): string {
  const file = path.join(dataFolder, 'host-processes', `${name}.json`);
  const entries = hosts.map(({ cpuCores: cpu, memoryMib: memory, ...host }) => ({
    ...{ name: host.name, directory: host.directory, token: host.token },
    ...{ version: host.version, cpu, memory },
  }));
  replaceFile(file, JSON.stringify(entries));
  return file;
}

/** The first free port from the wanted one on that no other host keeps. */
async function findPort(wanted: number, kept: Set<number>): Promise<number> {
  for (let port = wanted; port < wanted + PORTS_TRIED && port < 65_536; port++) {
    if (!kept.has(port) && (await isPortFree(ADDRESS, port))) return port;
  }
  throw new Error(`No free port for a host from ${wanted} on: set SLUICE_AGENT_PORT.`);
}
