// For tests: host agents as real processes that share datastores, a depot that serves VIBs, and
// typed calls.
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { fromFaultRecord } from '#lib/model/fault.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import { MIB } from '#lib/model/limits.ts';
import { faultRecordSchema } from '#lib/model/task.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import type { Rpc } from '#lib/wire/agent/rpc.ts';

const AGENT = fileURLToPath(new URL('./agent-main.ts', import.meta.url));
const BUILD_VIBS = fileURLToPath(new URL('../../scripts/build-vibs/main.ts', import.meta.url));
const TOKEN = 'a token for the tests';

/** One lab: a folder, a depot with the shipped VIBs, and the agents started in it. */
export class TestLab {
  readonly folder = mkdtempSync(join(tmpdir(), 'sluice-lab-'));
  readonly #agents: TestAgent[] = [];
  readonly #vibs = join(this.folder, 'vibs');
  #depot: Server | null = null;
  /** While it is pending, the depot lets downloads wait. */
  gate: Promise<void> = Promise.resolve();
  #keys = 0;

  /** Builds the VIBs and serves them. */
  async openDepot(): Promise<void> {
    const folders = ['--pki', join(this.folder, 'pki'), '--out', this.#vibs];
    execFileSync(process.execPath, [BUILD_VIBS, ...folders], { stdio: 'ignore' });
    const depot = createServer((request, response) => {
      const path = join(this.#vibs, (request.url ?? '').replace(/^\//, ''));
      void this.gate.then(() => response.end(readFileSync(path)));
    });
    depot.listen(0, '127.0.0.1');
    await once(depot, 'listening');
    this.#depot = depot;
  }

  get roots(): string {
    return join(this.#vibs, 'roots.json');
  }

  nextKey(): string {
    this.#keys += 1;
    return `task-${this.#keys}`;
  }

  /** Serves bytes beside the VIBs; returns their URL. */
  serve(name: string, bytes: Uint8Array): string {
    writeFileSync(join(this.#vibs, name), bytes);
    return this.#urlOf(name);
  }

  /** Input of `installVib` for the shipped filter. */
  vib(filter: string): { url: string; vibId: string; sha256: string } {
    const vibId = `SLU_bootbank_${filter}_1.0.0`;
    const bytes = readFileSync(join(this.#vibs, `${vibId}.vib`));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { url: this.#urlOf(`${vibId}.vib`), vibId, sha256 };
  }

  /** Input of `installVib` for a VIB of a test; `bad.vib` brings `bad` in the version 1.0.0. */
  served(fileName: string, bytes: Uint8Array): { url: string; vibId: string; sha256: string } {
    const name = fileName.replace(/\.vib$/, '');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { url: this.serve(fileName, bytes), vibId: `SLU_bootbank_${name}_1.0.0`, sha256 };
  }

  #urlOf(name: string): string {
    const address = this.#depot?.address();
    const port = typeof address === 'object' ? address?.port : 0;
    return `http://127.0.0.1:${port}/${name}`;
  }

  /** Starts a host and configures it with the lab's datastore. */
  async addHost(number: number): Promise<TestAgent> {
    const agent = new TestAgent(this, `esx0${number}`);
    this.#agents.push(agent);
    await agent.start();
    const path = join(this.folder, 'ds1');
    const datastore = { id: 'datastore-1', name: 'ds1', type: 'VMFS' as const, path };
    const hostId = `host-${number}`;
    await agent.call(calls.configure, { hostId, name: agent.name, datastores: [datastore] });
    return agent;
  }

  /** Stops all agents gracefully, and with them their worlds. */
  async close(): Promise<void> {
    for (const agent of this.#agents) {
      if (!agent.isRunning) await agent.start();
    }
    await Promise.all(this.#agents.map((agent) => agent.end('SIGTERM')));
    this.#depot?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class TestAgent {
  readonly name: string;
  readonly #lab: TestLab;
  #child: ChildProcess | null = null;
  #port = 0;

  constructor(lab: TestLab, name: string) {
    this.#lab = lab;
    this.name = name;
  }

  get isRunning(): boolean {
    return this.#child !== null;
  }

  async start(): Promise<void> {
    const directory = join(this.#lab.folder, this.name);
    const args = ['--name', this.name, '--directory', directory, '--token', TOKEN];
    const child = fork(AGENT, [...args, '--roots', this.#lab.roots], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    this.#child = child;
    const [message] = await once(child, 'message');
    this.#port = z.object({ port: z.number() }).parse(message).port;
  }

  /** Ends the agent's process, and waits for it. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = null;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  /** Throws the fault that the agent answered with. */
  async call<Input extends z.ZodType, Output extends z.ZodType>(
    rpc: Rpc<Input, Output>,
    input: z.input<Input>,
  ): Promise<z.output<Output>> {
    return rpc.output.parse(await this.#answer(rpc.name, input));
  }

  /** The same with a fresh operation key. */
  async keyed<Input extends z.ZodType, Output extends z.ZodType>(
    rpc: Rpc<Input, Output>,
    input: Omit<z.input<Input> & { operationKey: string }, 'operationKey'>,
  ): Promise<z.output<Output>> {
    const operationKey = this.#lab.nextKey();
    return rpc.output.parse(await this.#answer(rpc.name, { operationKey, ...input }));
  }

  async post(path: string, body: string | Uint8Array<ArrayBuffer>, token = TOKEN) {
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body,
    });
    return { status: response.status, text: await response.text() };
  }

  async #answer(name: string, input: unknown): Promise<unknown> {
    const { status, text } = await this.post(`/rpc/${name}`, JSON.stringify(input));
    if (status === 200) return JSON.parse(text);
    throw fromFaultRecord(faultRecordSchema.parse(JSON.parse(text)));
  }

  report(afterEvent = 0): Promise<calls.HostReport> {
    const input = { knownRevision: 0, knownBootId: '', afterEvent, waitMs: 0 };
    return this.call(calls.report, input);
  }

  async world(vmId: string): Promise<calls.WorldReport | undefined> {
    return (await this.report()).worlds.find((world) => world.vmId === vmId);
  }
}

/** A VM with one disk of 64 MiB on the lab's datastore. */
export function testVm(number: number, filters: DiskFilter[] = []): calls.VmRunSpec {
  const name = `web0${number}`;
  return {
    vmId: `vm-${number}`,
    name,
    instanceUuid: `7b1a7c46-9f6a-4c9e-9a55-0f7d3f9b1c${16 + number}`,
    cpuCount: 1,
    memoryMib: 512,
    datastoreId: 'datastore-1',
    vmxPath: `${name}/${name}.vmx`,
    nbdPort: 0,
    disks: [
      {
        key: 2000,
        label: 'Hard disk 1',
        unit: 'scsi0:0',
        datastoreId: 'datastore-1',
        path: `${name}/${name}.vmdk`,
        capacityBytes: 64 * MIB,
        filters,
      },
    ],
  };
}

/** Asks again until the answer is there; a test ends by its own limit when it never comes. */
export async function eventually<T>(ask: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    await sleep(systemClock, 50);
  }
}
