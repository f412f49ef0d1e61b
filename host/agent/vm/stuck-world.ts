// Asks a process of ours that loops what it is doing: Node listens to a debugger after SIGUSR1 even
// while JavaScript never returns, and a debugger sees the stack. It costs a world nothing until
// then. Nobody else can join in: the address has a random part that stands in the world's log
// alone. The process must be ended afterwards, since it stands still.
import { open, stat } from 'node:fs/promises';
import { z } from 'zod';
import { type Clock, sleep } from '#lib/base/clock.ts';

/**
 * Has a world listen where no other process does, should it ever be asked, and say where on its
 * standard error alone, which must be a file that only its owner may read.
 */
export const INSPECTOR_ARGS: readonly string[] = [
  '--inspect-port=127.0.0.1:0',
  '--inspect-publish-uid=stderr',
];

/** The whole conversation, in milliseconds. */
const CONVERSATION_MS = 5_000;
const POLL_MS = 50;
/** What a process writes to its log meanwhile is far less, in bytes. */
const SAID_BYTES_MAX = 64 * 1024;
const LISTENS = /Debugger listening on (ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]{36})\n/;

export interface Doing {
  filter: string;
  /** A hook's name, or `callback` of a timer or a message. */
  operation: string;
  /** As filters know it; null when it is not to be seen. */
  disk: string | null;
}

const scriptSchema = z.object({ scriptId: z.string(), url: z.string() });
const frameSchema = z.object({
  callFrameId: z.string(),
  functionName: z.string(),
  location: z.object({ scriptId: z.string() }),
});
const pausedSchema = z.object({ callFrames: z.array(frameSchema) });
const evaluatedSchema = z.object({ result: z.object({ value: z.string() }) });
const askedSchema = z.object({ filter: z.string(), operation: z.string(), disk: z.string() });
type Frame = z.infer<typeof frameSchema>;

/** In Chain's `#ask`, by the names of its variables. */
const ASK_FRAME = { functionName: '#ask', file: '/host/chain/chain.ts' };
const ASK_EXPRESSION = `JSON.stringify({ filter: this.filters[index].name,
  operation: wayOut ? 'completed' : io.operation, disk: this.diskName })`;
/** Code of filters is named so (host/chain/load-code.ts). */
const FILTER_URL = /^filter:([a-z][a-z0-9-]*)$/;

/** Null when it does not say, or when no filter is on its stack. */
export async function whatItDoes(pid: number, clock: Clock): Promise<Doing | null> {
  const said = `/proc/${pid}/fd/2`;
  const from = await stat(said).catch(() => null);
  if (from === null || !from.isFile()) return null;
  try {
    process.kill(pid, 'SIGUSR1');
  } catch {
    // It has ended: there is nobody to ask.
    return null;
  }
  const over = new AbortController();
  const timer = clock.after(CONVERSATION_MS, () => over.abort());
  try {
    const url = await findDebugger({ said, from: from.size, clock, signal: over.signal });
    return url === null ? null : await converse(url, over.signal);
  } finally {
    timer.cancel();
    over.abort();
  }
}

/** The address, when the process has written it behind what stood in its log before. */
async function findDebugger(parts: {
  said: string;
  from: number;
  clock: Clock;
  signal: AbortSignal;
}): Promise<string | null> {
  const { said, from, clock, signal } = parts;
  while (!signal.aborted) {
    // Ended meanwhile: it will say nothing more.
    const text = await readFrom(said, from).catch(() => null);
    if (text === null) return null;
    const url = LISTENS.exec(text)?.[1];
    if (url !== undefined) return url;
    await sleep(clock, POLL_MS, signal);
  }
  return null;
}

async function readFrom(path: string, position: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(SAID_BYTES_MAX),
      ...[0, SAID_BYTES_MAX, position],
    );
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function converse(url: string, signal: AbortSignal): Promise<Doing | null> {
  const link = new DebuggerLink(url, signal);
  try {
    await link.opened;
    await link.call('Debugger.enable', {});
    // Not waited for: its answer may come after the pause itself.
    link.call('Debugger.pause', {}).catch(() => undefined);
    const { callFrames } = pausedSchema.parse(await link.paused);
    return await readStack(callFrames, link);
  } catch {
    // It does not speak, or not in time: waiting in a system call, for instance. Then it does not
    // loop in a filter's code, or we cannot tell.
    return null;
  } finally {
    link.close();
  }
}

/** The filter nearest to the top of the stack, and what it was asked. */
async function readStack(frames: readonly Frame[], link: DebuggerLink): Promise<Doing | null> {
  let found: Doing | null = null;
  for (const { functionName, location, callFrameId } of frames) {
    const url = link.scripts.get(location.scriptId) ?? '';
    if (functionName === ASK_FRAME.functionName && url.endsWith(ASK_FRAME.file)) {
      const parameters = { callFrameId, expression: ASK_EXPRESSION, returnByValue: true };
      const { result } = evaluatedSchema.parse(
        await link.call('Debugger.evaluateOnCallFrame', parameters),
      );
      return askedSchema.parse(JSON.parse(result.value));
    }
    const filter = FILTER_URL.exec(url)?.[1];
    // Below the filter's own functions stands what called it.
    if (filter === undefined && found !== null) return found;
    if (filter === undefined) continue;
    found = { filter, operation: lastName(functionName) || 'callback', disk: null };
  }
  return found;
}

/** `close` of `Cache.close`. */
function lastName(functionName: string): string {
  return functionName.slice(functionName.lastIndexOf('.') + 1);
}

const messageSchema = z.object({
  id: z.number().optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
});

/** What is no message says nothing; whoever waits for it waits no longer than the conversation. */
function parseMessage(data: unknown): z.infer<typeof messageSchema> {
  try {
    return messageSchema.parse(JSON.parse(String(data)));
  } catch {
    return {};
  }
}

class DebuggerLink {
  readonly opened: Promise<void>;
  /** Parameters of `Debugger.paused`. */
  readonly paused: Promise<unknown>;
  /** URLs by id: told of all scripts before `Debugger.enable` is answered. */
  readonly scripts = new Map<string, string>();
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (result: unknown) => void>();
  readonly #broken: Promise<never>;
  #lastId = 0;

  constructor(url: string, signal: AbortSignal) {
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#broken = new Promise((_, reject) => {
      const fail = (): void => reject(new Error('the debugger does not answer'));
      socket.addEventListener('error', fail);
      socket.addEventListener('close', fail);
      signal.addEventListener('abort', fail);
    });
    this.#broken.catch(() => undefined);
    const opened = new Promise<void>((resolve) => socket.addEventListener('open', () => resolve()));
    const paused = new Promise((resolve) => {
      socket.addEventListener('message', ({ data }) => {
        const { id, method, params, result } = parseMessage(data);
        if (id !== undefined) this.#answers.get(id)?.(result);
        else if (method === 'Debugger.scriptParsed') this.#addScript(params);
        else if (method === 'Debugger.paused') resolve(params);
      });
    });
    this.opened = Promise.race([opened, this.#broken]);
    this.paused = Promise.race([paused, this.#broken]);
    this.paused.catch(() => undefined);
  }

  call(method: string, params: Record<string, unknown>): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise((resolve) => this.#answers.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    return Promise.race([answer, this.#broken]);
  }

  close(): void {
    this.#socket.close();
  }

  #addScript(params: unknown): void {
    const script = scriptSchema.safeParse(params).data;
    if (script) this.scripts.set(script.scriptId, script.url);
  }
}
