// Entry point of the host agent: one process for each host. It tells its parent over IPC when it is
// ready; SIGTERM stops its VMs gracefully, and the next start brings them back.
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { z } from 'zod';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { toFaultRecord } from '#lib/model/fault.ts';
import { forbidCoreDumps } from '../crypto/core-dumps.ts';
import { parseAgentOptions } from './agent-options.ts';
import { HostAgent } from './host-agent.ts';
import { createRpcServer } from './rpc-server.ts';
import { rpcTable } from './rpc-table.ts';

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
  const options = parseAgentOptions(process.argv.slice(2), process.env);
  const log = logger.child({ host: options.name });
  const dumps = await forbidCoreDumps();
  if (dumps) log.warn({ reason: dumps }, 'a core dump of this process would hold keys');
  const agent = await HostAgent.open(options, {
    ...{ clock: systemClock, random: systemRandom, logger: log, build },
    onLockLost(reason) {
      // Worlds go on: the agent that has the directory now finds them.
      log.fatal(reason);
      process.exit(1);
    },
  });
  const server = createRpcServer({ token: options.token, rpcs: rpcTable(agent), logger: log });
  server.listen(options.port, '127.0.0.1');
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  agent.start();
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  log.info({ port }, 'the host agent is ready');
  process.send?.({ ready: true, port });
  // Whoever started the agent died. The VMs need not: the next agent finds their worlds.
  process.once('disconnect', () => process.exit());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      server.close();
      server.closeAllConnections();
      agent.stop().then(
        () => process.exit(0),
        (thrown: unknown) => {
          log.error({ err: thrown }, 'the host agent did not stop well');
          process.exit(1);
        },
      );
    });
  }
}
