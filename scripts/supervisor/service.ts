// One supervised process: started, restarted with growing waits when it ends by itself, and stopped
// when asked.
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { backoffMs } from '#lib/base/backoff.ts';

const RESTART = { firstMs: 250, maxMs: 15_000 };
/** A process that ran for so long has proved that it can: its next restart is quick again. */
const STABLE_MS = 30_000;
const PRELOAD = pathToFileURL(path.join(import.meta.dirname, 'die-with-parent.ts')).href;

export interface ServiceOptions {
  name: string;
  /** Program to run in a Node process of its own. */
  file: string;
  args: string[];
  cwd: string;
  /** Asked at each start, so that a restart sees what has changed. */
  environment: () => NodeJS.ProcessEnv;
  /** How long it may take to stop before it is killed, in milliseconds. */
  graceMs: number;
  onOutput: (name: string, stream: 'stdout' | 'stderr', line: string) => void;
  /** The process started (with its id) or ended (null). */
  onChange: (name: string, pid: number | null) => void;
  onMessage: (text: string) => void;
}

export class Service {
  readonly name: string;
  readonly #options: ServiceOptions;
  #child: ChildProcess | null = null;
  #restarts = 0;
  #timer: NodeJS.Timeout | null = null;
  #stopping = false;
  #markReady: () => void = () => undefined;
  /** Resolves when the process has sent `{ ready: true }`, in whichever of its lives. */
  readonly ready: Promise<void>;

  constructor(options: ServiceOptions) {
    this.name = options.name;
    this.#options = options;
    this.ready = new Promise((resolve) => {
      this.#markReady = resolve;
    });
  }

  start(): void {
    const { file, args, cwd, environment, onChange, onMessage } = this.#options;
    const startedAt = performance.now();
    const child = fork(file, args, {
      cwd,
      env: { ...environment(), SLUICE_SUPERVISOR_PID: String(process.pid) },
      // Deprecations are for those who choose the packages, not for those who run the product.
      execArgv: ['--disable-warning=DeprecationWarning', '--import', PRELOAD],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Its own process group: a terminal's Ctrl-C is for the supervisor, which stops all in order.
      detached: true,
    });
    this.#child = child;
    onChange(this.name, child.pid ?? null);
    this.#forwardOutput(child);
    child.on('message', (message) => {
      if (isReady(message)) this.#markReady();
    });
    child.once('error', (error) => onMessage(`${this.name} cannot start: ${error.message}`));
    child.once('exit', (code, signal) => {
      onChange(this.name, null);
      if (this.#stopping) return;
      if (performance.now() - startedAt > STABLE_MS) this.#restarts = 0;
      const wait = backoffMs(RESTART, this.#restarts++);
      onMessage(`${this.name} ended (${signal ?? `exit code ${code}`}), restarting in ${wait} ms`);
      this.#timer = setTimeout(() => this.start(), wait);
    });
  }

  /** Asks the process to end, and kills it when it has not within its grace. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#timer) clearTimeout(this.#timer);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.#options.onMessage(`${this.name} did not stop in time, killing it`);
      child.kill('SIGKILL');
    }, this.#options.graceMs);
    await ended;
    clearTimeout(timer);
  }

  /** Ends the process; it starts again with its environment asked anew. */
  restart(): void {
    this.#child?.kill('SIGTERM');
  }

  kill(): void {
    this.#stopping = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#child?.kill('SIGKILL');
  }

  #forwardOutput(child: ChildProcess): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      let rest = '';
      child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (line.trim() !== '') this.#options.onOutput(this.name, stream, line);
        }
      });
    }
  }
}

function isReady(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'ready' in message && !!message.ready;
}
