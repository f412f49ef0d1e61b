// The processes of the product: what each is started with, and what it gets to know.
// A host agent is never told where the database is, and the console never the hosts' tokens.
import { createRequire } from 'node:module';
import path from 'node:path';
import type { PlannedAgent, PlannedProvider, PlannedTarget } from './host-plan.ts';
import type { ServiceOptions } from './service.ts';
import type { Settings } from './settings.ts';

type Program = Pick<ServiceOptions, 'name' | 'file' | 'args' | 'environment' | 'graceMs'>;

export interface ServiceContext {
  settings: Settings;
  /** Asked at each start of a process: the address changes when the embedded server had to move. */
  databaseUrl: () => string;
  rootsFile: string;
  secretFile: string;
}

export function describeAgent(
  { settings, rootsFile }: ServiceContext,
  { name, port, hosts, hostsFile }: PlannedAgent,
): Program {
  const [host] = hosts;
  const own =
    hostsFile === null && host
      ? [
          ...['--name', host.name, '--directory', host.directory, '--version', host.version],
          ...['--cpu', String(host.cpuCores), '--memory', String(host.memoryMib)],
        ]
      : ['--hosts', hostsFile ?? ''];
  // Not an argument: other accounts can read those, and a token may begin with a dash. Those of
  // many hosts are in their file.
  const token = hostsFile === null && host ? { SLUICE_AGENT_TOKEN: host.token } : {};
  return {
    name,
    file: path.join(settings.projectRoot, 'host', 'agent', 'agent-main.ts'),
    args: [...own, '--port', String(port), '--roots', rootsFile],
    environment: () => ({ ...withoutSecrets(), ...token }),
    graceMs: 15_000,
  };
}

/** The storage provider of the lab's vVol datastore, with its volumes below the data folder. */
export function describeProvider({ settings }: ServiceContext, provider: PlannedProvider): Program {
  const { projectRoot, dataFolder } = settings;
  return {
    name: 'storage-provider',
    file: path.join(projectRoot, 'host', 'vvol', 'provider-main.ts'),
    args: [
      ...['--directory', path.join(dataFolder, 'storage-container')],
      ...['--port', String(provider.port), '--nbd-port', String(provider.nbdPort)],
    ],
    // Not an argument: other accounts can read those.
    environment: () => ({ ...withoutSecrets(), SLUICE_VVOL_TOKEN: provider.token }),
    graceMs: 10_000,
  };
}

/** The replication target of the lab's second site, with its copies below the data folder. */
export function describeTarget({ settings }: ServiceContext, target: PlannedTarget): Program {
  const { projectRoot, dataFolder } = settings;
  return {
    name: 'replication-target',
    file: path.join(projectRoot, 'host', 'replica', 'target-main.ts'),
    args: [
      ...['--directory', path.join(dataFolder, 'recovery-site')],
      ...['--port', String(target.port), '--rpc-port', String(target.rpcPort)],
      ...['--nbd-port', String(target.nbdPort), '--journal-gib', '4'],
    ],
    // Not an argument: other accounts can read those.
    environment: () => ({ ...withoutSecrets(), SLUICE_TARGET_TOKEN: target.token }),
    graceMs: 10_000,
  };
}

export function describeController(context: ServiceContext): Program {
  return {
    name: 'controller',
    file: path.join(context.settings.projectRoot, 'lib', 'controller', 'main.ts'),
    args: [],
    environment: () => ({ ...productEnvironment(context), NODE_ENV: 'production' }),
    graceMs: 10_000,
  };
}

export function describeWeb(context: ServiceContext): Program {
  const { projectRoot, development, address, port } = context.settings;
  const require = createRequire(path.join(projectRoot, 'package.json'));
  return {
    name: 'web',
    file: require.resolve('next/dist/bin/next'),
    args: [development ? 'dev' : 'start', '-H', address, '-p', String(port)],
    environment: () => ({
      ...productEnvironment(context),
      NODE_ENV: development ? 'development' : 'production',
      NEXT_TELEMETRY_DISABLED: '1',
    }),
    graceMs: 6_000,
  };
}

function productEnvironment(context: ServiceContext): NodeJS.ProcessEnv {
  return {
    ...withoutSecrets(),
    DATABASE_URL: context.databaseUrl(),
    SLUICE_DATA: context.settings.dataFolder,
    SLUICE_PUBLIC_URL: context.settings.publicUrl,
    SLUICE_SECRET_FILE: context.secretFile,
  };
}

function withoutSecrets(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _url, SLUICE_ADMIN_PASSWORD: _password, ...rest } = process.env;
  return rest;
}
