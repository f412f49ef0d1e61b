// A client of one disk: writes block after block, each flushed before the next, goes on where it
// was when the disk is gone for a while, and reads in the end what it had flushed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findTool, runTool } from '#host/world/test-peers.ts';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';

const BLOCK = 4096;
/** The machine shall be busy with the trouble, and not with its witnesses, in milliseconds. */
const BETWEEN_MS = 10;
/** Blocks that are written in turn. */
const BLOCKS = 256;

export class DiskWriter {
  readonly #port: () => Promise<number>;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  /** Blocks that were written and flushed. */
  flushed = 0;
  /** Connections that ended before they were asked to. */
  lost = 0;

  /** `port`: where the disk is reached now; 0 while nobody has it open. */
  constructor(port: () => Promise<number>) {
    this.#port = port;
    this.#ended = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  /** What is on the disk and not as it was flushed; empty when all is right. */
  async verify(): Promise<string> {
    const commands: string[] = [];
    const first = Math.max(0, this.flushed - BLOCKS + 2);
    for (let n = first; n < this.flushed; n += 1) {
      commands.push('-c', `read -P ${patternOf(n)} ${placeOf(n)} ${BLOCK}`);
    }
    if (commands.length === 0) return '';
    const args = ['-r', '-f', 'raw', ...commands, uriOf(await this.#port())];
    const { stdout, stderr } = await runTool('qemu-io', args);
    const lines = `${stdout}${stderr}`.split('\n');
    return lines.filter((line) => /fail|error/i.test(line)).join('\n');
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const port = await this.#port();
      if (port > 0) await this.#write(port);
      if (signal.aborted) return;
      this.lost += port > 0 ? 1 : 0;
      await sleep(systemClock, 300, signal);
    }
  }

  /** Until the connection ends or the writer is stopped. */
  async #write(port: number): Promise<void> {
    const args = ['-f', 'raw', '-t', 'writeback', uriOf(port)];
    const child = spawn(findTool('qemu-io') ?? '', args, { stdio: ['pipe', 'pipe', 'ignore'] });
    const closed = once(child, 'close');
    let waiting = '';
    // A write with FUA is answered when it is on the disk. One line at a time: what follows in the
    // same chunk waits for more input.
    const next = (): void => {
      const n = this.flushed;
      child.stdin.write(`write -f -P ${patternOf(n)} ${placeOf(n)} ${BLOCK}\n`);
    };
    child.stdin.on('error', () => undefined);
    const stop = (): void => void child.kill('SIGKILL');
    this.#stop.signal.addEventListener('abort', stop);
    child.stdout.on('data', (chunk: Buffer) => {
      waiting += chunk.toString();
      if (/error|failed/i.test(waiting)) child.kill('SIGKILL');
      else if (/wrote \d+\/\d+ bytes/.test(waiting)) {
        waiting = '';
        this.flushed += 1;
        void sleep(systemClock, BETWEEN_MS).then(next);
      }
    });
    next();
    await closed;
    this.#stop.signal.removeEventListener('abort', stop);
  }
}

const uriOf = (port: number) => `nbd://127.0.0.1:${port}/scsi0:0`;
const placeOf = (n: number) => (n % BLOCKS) * BLOCK;
const patternOf = (n: number) => (n % 251) + 1;
