// A replication target that exists for the trial alone, in a process of its own as at another site:
// for a filter of the class replication that is told by the controller where its copies go.
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { z } from 'zod';
import { pairWithTarget } from '#host/replica/replication-target.ts';
import { callPeer } from '#host/volumes/rpc-client.ts';
import type { FilterManifest, FilterPropertyValues } from '#lib/model/filter.ts';
import { PAIRING_KEYS } from '#lib/model/key.ts';
import type { GivenKey } from '#lib/wire/agent/key-rpc.ts';
import { newPairingCode } from '#lib/wire/agent/target-rpc.ts';

const MAIN = new URL('../../../host/replica/target-main.ts', import.meta.url).pathname;
/** Beside the two hosts of the trial, whose daemons reach it there. */
const ADDRESS = '127.0.0.79';
/** Its own site's calls. */
const CALLS = '127.0.0.1';
/** The disks on trial write little. */
const SEGMENT_MIB = '4';
const NEEDED = ['target', 'pairing', 'keyId'] as const;

const portsSchema = z.object({ port: z.number(), rpcPort: z.number() });

export class ReplicaTarget {
  /** Where it is and as whom it knows this site, as the controller tells it to each disk. */
  readonly properties: FilterPropertyValues;
  /** Of the pairing. */
  readonly key: GivenKey;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, key: GivenKey, port: number) {
    this.#process = child;
    this.key = key;
    const { provider: keyProvider, keyId } = key;
    const target = `${ADDRESS}:${port}`;
    this.properties = { target, pairing: keyId, keyProvider, keyId, vm: 'certification' };
  }

  /** Null for a filter that asks for none. */
  static async startFor(
    { class: filterClass, properties }: FilterManifest,
    folder: string,
  ): Promise<ReplicaTarget | null> {
    const names = new Set(properties.filter(({ managed }) => managed).map(({ name }) => name));
    if (filterClass !== 'replication' || !NEEDED.every((name) => names.has(name))) return null;
    const token = randomBytes(16).toString('hex');
    const directory = path.join(folder, 'copies');
    const args = ['--directory', directory, '--address', ADDRESS, '--segment-mib', SEGMENT_MIB];
    const child = fork(MAIN, args, {
      env: { ...process.env, SLUICE_TARGET_TOKEN: token, SLUICE_LOG_LEVEL: 'silent' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [],
    });
    const { port, rpcPort } = await new Promise<z.infer<typeof portsSchema>>((resolve, reject) => {
      child.once('message', (message) => resolve(portsSchema.parse(message)));
      child.once('exit', () => reject(new Error('the replication target has ended')));
    });
    const place = { host: CALLS, port: rpcPort };
    const { code } = await callPeer({ place, token }, newPairingCode, {});
    const { id, key } = await pairWithTarget({ host: ADDRESS, port }, code);
    const value = Buffer.from(key, 'hex').toString('base64');
    return new ReplicaTarget(child, { provider: PAIRING_KEYS, keyId: id, value }, port);
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
}
