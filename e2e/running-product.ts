// The product under test from outside the browser: its processes by name, and its REST API.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { z } from 'zod';
import { sessionViewSchema } from '#lib/wire/api/session.ts';
import { type TaskView, taskStartedSchema, taskViewSchema } from '#lib/wire/api/tasks.ts';

const STEP_MS = 250;

/** Folder of everything that the product under test keeps. */
export function dataFolder(): string {
  const folder = process.env.SLUICE_E2E_DATA;
  if (!folder) throw new Error('SLUICE_E2E_DATA is set by playwright.config.ts');
  return folder;
}

/** The first password of the user admin. */
export function adminPassword(): string {
  return process.env.SLUICE_E2E_PASSWORD ?? '';
}

/** Process id of `web`, `controller`, `database`, `esx01` …; undefined while it is not running. */
export function processId(name: string): number | undefined {
  const run: unknown = JSON.parse(readFileSync(path.join(dataFolder(), 'run.json'), 'utf8'));
  if (typeof run !== 'object' || run === null || !('processes' in run)) return undefined;
  const processes = new Map(Object.entries(run.processes ?? {}));
  const pid = processes.get(name);
  return typeof pid === 'number' ? pid : undefined;
}

/** Kills the process as a power cut would, and waits until another has taken its place. */
export async function killAndAwaitReplacement(name: string): Promise<void> {
  const before = processId(name);
  if (before === undefined) throw new Error(`${name} is not running`);
  process.kill(before, 'SIGKILL');
  await until(`${name} runs again`, async () => {
    const now = processId(name);
    return now !== undefined && now !== before;
  });
}

/** Asks again and again; throws with the text when it is not so within the time. */
export async function until(
  what: string,
  isSo: () => Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (Date.now() < end) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
  throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
}

export class Api {
  readonly #base: string;
  readonly #token: string;

  private constructor(base: string, token: string) {
    this.#base = base;
    this.#token = token;
  }

  /** Signs in as admin. */
  static async signIn(baseUrl: string): Promise<Api> {
    const base = `${baseUrl}/api/v1`;
    const response = await fetch(`${base}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userName: 'admin', password: adminPassword() }),
    });
    const session = sessionViewSchema.loose().parse(await response.json());
    if (typeof session.token !== 'string') throw new Error('signing in gave no token');
    return new Api(base, session.token);
  }

  async get<Schema extends z.ZodType>(route: string, schema: Schema): Promise<z.output<Schema>> {
    return schema.parse(await this.#call('GET', route));
  }

  /** Starts a task and returns its id. */
  async start(method: 'POST' | 'PUT' | 'DELETE', route: string, body?: object): Promise<string> {
    return taskStartedSchema.parse(await this.#call(method, route, body)).taskId;
  }

  async send(method: 'POST' | 'PUT' | 'DELETE', route: string, body?: object): Promise<unknown> {
    return this.#call(method, route, body);
  }

  /** Waits for the end of a task, also over restarts of the web server. */
  async ended(taskId: string, timeoutMs = 60_000): Promise<TaskView> {
    let task: TaskView | null = null;
    const isOver = async () => {
      task = await this.get(`/tasks/${taskId}`, taskViewSchema).catch(() => null);
      return task !== null && ['success', 'error', 'canceled'].includes(task.state);
    };
    await until(`task ${taskId} has ended`, isOver, timeoutMs);
    if (!task) throw new Error(`task ${taskId} cannot be read`);
    return task;
  }

  async #call(method: string, route: string, body?: object): Promise<unknown> {
    const response = await fetch(this.#base + route, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }
}
