// What the supervisor is told: by its arguments and the environment, here and nowhere else.
import path from 'node:path';
import { type LabKnobs, readLabArguments } from '../lab/vcsim/knobs.ts';

export interface Settings {
  projectRoot: string;
  /** Everything that a running product keeps: database, datastores, hosts, depot, secrets, logs. */
  dataFolder: string;
  /** Address and port of the console. */
  address: string;
  port: number;
  /** Base URL under which people reach the console, and hosts the depot. */
  publicUrl: string;
  /** A PostgreSQL server of the user's, or null for the embedded one. */
  databaseUrl: string | null;
  /** First port to try for a host agent. */
  agentPort: number;
  /** The admin's first password where it is given, else one is made. */
  adminPassword: string | null;
  /** Serve the console from its sources, rebuilt as they change. */
  development: boolean;
  /** The lab to generate at the first start; null for the standard one. */
  lab: LabKnobs | null;
}

/** Reads the settings; throws an Error in plain words where one is malformed. */
export function readSettings(environment: NodeJS.ProcessEnv, args: string[]): Settings {
  const projectRoot = path.join(import.meta.dirname, '..', '..');
  const address = environment.HOST || '127.0.0.1';
  const port = readPort('PORT', environment.PORT, 3000);
  const shownAddress = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
  return {
    projectRoot,
    dataFolder: path.resolve(projectRoot, environment.SLUICE_DATA || '.data'),
    address,
    port,
    publicUrl: environment.SLUICE_PUBLIC_URL || `http://${shownAddress}:${port}`,
    databaseUrl: environment.DATABASE_URL || null,
    agentPort: readPort('SLUICE_AGENT_PORT', environment.SLUICE_AGENT_PORT, 7001),
    adminPassword: environment.SLUICE_ADMIN_PASSWORD || null,
    ...readLabArguments(args),
  };
}

function readPort(name: string, text: string | undefined, otherwise: number): number {
  const port = text ? Number(text) : otherwise;
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Error(`${name} must be a port number from 1 to 65535, it is "${text}".`);
}
