// Entry point of the host agent: a process for each host, or one for many (`--hosts FILE`), each
// with its own directory and token behind one port. It tells its parent over IPC when it is ready;
// SIGTERM stops its VMs gracefully, and the next start brings them back.
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { z } from 'zod';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { toFaultRecord } from '#lib/model/fault.ts';
import { forbidCoreDumps } from '../crypto/core-dumps.ts';
import type { Heartbeats } from '../datastore/locking/heartbeats.ts';
import { type AgentOptions, parseAgentOptions } from './agent-options.ts';
import { HostAgent } from './host-agent.ts';
import { shareHeartbeat } from './many/shared-heartbeat.ts';
import { createSharedRpcServer } from './rpc-server.ts';
import { rpcTable } from './rpc-table.ts';

const OPENED_AT_ONCE = 16;
const packageFile = new URL('../../package.json', import.meta.url);
const { version: build } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(packageFile, 'utf8')));
const logger = pino({ level: process.env.SLUICE_LOG_LEVEL ?? 'info' });

// Worlds inherit it: a storm of flushes must not keep a disk's lock from being renewed in time.
process.env.UV_THREADPOOL_SIZE ??= '16';

main().catch((thrown: unknown) => {
  logger.fatal({ err: thrown }, toFaultRecord(thrown).message);
  // At once: the lock's timer would keep an agent alive that nobody can call, its port taken, say.
  process.exit(1);
});

async function main(): Promise<void> {
  const hosts = parseAgentOptions(process.argv.slice(2), process.env);
  const [{ port: wanted } = { port: 0 }] = hosts;
  const log = hosts.length === 1 ? logger.child({ host: hosts[0]?.name }) : logger;
  const dumps = await forbidCoreDumps();
  if (dumps) log.warn({ reason: dumps }, 'a core dump of this process would hold keys');
  const agents = await openAll(hosts);
  const faces = agents.map(({ token, agent }) => ({ token, rpcs: rpcTable(agent) }));
  const server = createSharedRpcServer(faces, log);
  server.listen(wanted, '127.0.0.1');
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  for (const { agent } of agents) agent.start();
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : wanted;
  log.info({ port, hosts: hosts.length }, 'the host agent is ready');
  process.send?.({ ready: true, port });
  // Whoever started the agent died. The VMs need not: the next agent finds their worlds.
  process.once('disconnect', () => process.exit());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      server.close();
      server.closeAllConnections();
      Promise.all(agents.map(({ agent }) => agent.stop())).then(
        () => process.exit(0),
        (thrown: unknown) => {
          log.error({ err: thrown }, 'the host agent did not stop well');
          process.exit(1);
        },
      );
    });
  }
}

interface OpenAgent {
  token: string;
  agent: HostAgent;
}

/** Some at a time: each one writes and syncs a dozen small files. */
async function openAll(hosts: readonly AgentOptions[]): Promise<OpenAgent[]> {
  const seams = { clock: systemClock, random: systemRandom };
  const directories = hosts.map(({ directory }) => directory);
  const heartbeats = hosts.length > 1 ? await shareHeartbeat(directories, seams) : undefined;
  const opened: OpenAgent[] = [];
  const waiting = [...hosts];
  const openSome = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      opened.push({ token: next.token, agent: await openOne(next, heartbeats) });
    }
  };
  await Promise.all(Array.from({ length: OPENED_AT_ONCE }, openSome));
  return opened;
}

function openOne(options: AgentOptions, heartbeats?: Heartbeats): Promise<HostAgent> {
  const log = logger.child({ host: options.name });
  return HostAgent.open(options, {
    ...{ clock: systemClock, random: systemRandom, logger: log, build },
    ...(heartbeats && { heartbeats }),
    onLockLost(reason) {
      // Worlds go on: the agent that has the directory now finds them.
      log.fatal(reason);
      process.exit(1);
    },
  });
}
