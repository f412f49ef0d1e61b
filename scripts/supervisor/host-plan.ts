// Which host agents run here: names from the lab, each with a port and a token that it keeps over
// restarts.
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

/** Plans the agents. A remembered port is used again when it is free, else the next one that is. */
export async function planHosts(dataFolder: string, firstPort: number): Promise<PlannedHost[]> {
  const file = path.join(dataFolder, 'agent-ports.json');
  const ports = existsSync(file) ? portsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : {};
  const kept = new Set(Object.values(ports));
  const hosts: PlannedHost[] = [];
  for (const [index, host] of LAB_HOSTS.entries()) {
    const last = ports[host.name];
    if (last !== undefined) kept.delete(last);
    const port = await findPort(last ?? firstPort + index, kept);
    kept.add(port);
    ports[host.name] = port;
    hosts.push({
      ...host,
      directory: path.join(dataFolder, 'hosts', host.name),
      port,
      token: keepSecret(path.join(dataFolder, 'secrets', `agent-${host.name}`)),
      url: `http://${ADDRESS}:${port}`,
    });
  }
  replaceFile(file, JSON.stringify(ports, null, 2));
  return hosts;
}

/** The first free port from the wanted one on that no other host keeps. */
async function findPort(wanted: number, kept: Set<number>): Promise<number> {
  for (let port = wanted; port < wanted + PORTS_TRIED && port < 65_536; port++) {
    if (!kept.has(port) && (await isPortFree(ADDRESS, port))) return port;
  }
  throw new Error(`No free port for a host agent from ${wanted} on: set SLUICE_AGENT_PORT.`);
}
