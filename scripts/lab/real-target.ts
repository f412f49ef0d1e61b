// For tests: a real replication target that a real controller is paired with. It may be killed.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { callPeer } from '#host/volumes/rpc-client.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { pairTarget } from '#lib/controller/replication/change-targets.ts';
import { createSealer } from '#lib/controller/secrets/sealer.ts';
import { newPairingCode, queryReplicas, type ReplicaReport } from '#lib/wire/agent/target-rpc.ts';
import { labCaller, type RealLab } from './real-lab.ts';

const TOKEN = 'a token for the tests of replication';
const ENTRY = path.join(import.meta.dirname, '..', '..', 'host', 'replica', 'target-main.ts');
const readySchema = z.object({ port: z.number(), rpcPort: z.number(), nbdPort: z.number() });

export class RealTarget {
  readonly #lab: RealLab;
  readonly #process: ChildProcess;
  readonly #ports: z.infer<typeof readySchema>;
  /** In the controller's database. */
  id = '';

  private constructor(lab: RealLab, target: ChildProcess, ports: z.infer<typeof readySchema>) {
    this.#lab = lab;
    this.#process = target;
    this.#ports = ports;
  }

  /** Runs, and is paired. */
  static async open(lab: RealLab, name: string): Promise<RealTarget> {
    const directory = path.join(lab.folder, 'copies');
    const child = fork(ENTRY, ['--directory', directory, '--port', '0'], {
      env: { ...process.env, SLUICE_TARGET_TOKEN: TOKEN, SLUICE_LOG_LEVEL: 'silent' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [],
    });
    const [message] = await once(child, 'message');
    const target = new RealTarget(lab, child, readySchema.parse(message));
    const { code } = await callPeer(target.#peer, newPairingCode, {});
    const sealer = createSealer(readFileSync(path.join(lab.folder, 'secret')), systemRandom);
    const on = { db: lab.db, caller: labCaller, sealer, clock: systemClock };
    const { port } = target.#ports;
    target.id = await pairTarget(on, { name, address: '127.0.0.1', port, code });
    return target;
  }

  get #peer() {
    return { place: { host: '127.0.0.1', port: this.#ports.rpcPort }, token: TOKEN };
  }

  /** Of the VM's first disk; null without a copy. */
  async copyOf(vmId: string): Promise<ReplicaReport | null> {
    const vm = await this.#lab.db.vm.findUniqueOrThrow({ where: { id: vmId } });
    const { replicas } = await callPeer(this.#peer, queryReplicas, {});
    return replicas.find(({ diskId }) => diskId === `${vm.instanceUuid}/2000`) ?? null;
  }

  close(): void {
    this.#process.kill('SIGTERM');
  }
}
