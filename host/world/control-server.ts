// A world's end of its control socket: reads requests, calls the handler of their method, answers
// each.
import { unlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { z } from 'zod';
import { Fault, toFaultRecord } from '#lib/model/fault.ts';
import {
  CONTROL_LINE_BYTES_MAX,
  CONTROL_METHODS,
  type ControlMethod,
  controlRequestSchema,
} from './control.ts';
import { LineSplitter } from './json-lines.ts';

/** What a method needs to know of its caller. */
export interface Caller {
  /** Calls back once when the caller's connection is closed. */
  onGone(callback: () => void): void;
}

export type ControlHandlers = {
  [M in ControlMethod]: (
    params: z.output<(typeof CONTROL_METHODS)[M]['params']>,
    caller: Caller,
  ) => Promise<z.input<(typeof CONTROL_METHODS)[M]['result']>>;
};

export class ControlServer {
  readonly #server: Server;
  readonly #handlers: ControlHandlers;
  readonly #sockets = new Set<Socket>();
  readonly #log: (message: string) => void;

  constructor(handlers: ControlHandlers, log: (message: string) => void) {
    this.#handlers = handlers;
    this.#log = log;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** Listens; what a dead process left at the path is removed. */
  async listen(path: string): Promise<void> {
    await unlink(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, resolve);
    });
  }

  /** Resolves when the answers that were written have left, or the time is over. */
  async close(): Promise<void> {
    this.#server.close();
    const closed = [...this.#sockets].map(
      (socket) => new Promise<void>((resolve) => socket.end(resolve)),
    );
    await Promise.all(closed);
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const lines = new LineSplitter(CONTROL_LINE_BYTES_MAX);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', (error) => this.#log(`control connection lost: ${error.message}`));
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of lines.push(chunk)) void this.#answer(line, socket);
      } catch (thrown) {
        this.#log(`control connection refused: ${String(thrown)}`);
        socket.destroy();
      }
    });
  }

  async #answer(line: string, socket: Socket): Promise<void> {
    const caller: Caller = { onGone: (callback) => socket.once('close', callback) };
    let id = 0;
    let answer: object;
    try {
      const request = controlRequestSchema.parse(JSON.parse(line));
      id = request.id;
      answer = { id, result: await this.#call(request.method, request.params, caller) };
    } catch (thrown) {
      answer = { id, fault: toFaultRecord(thrown) };
    }
    if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
  }

  #call(method: string, params: unknown, caller: Caller): Promise<unknown> {
    if (!isControlMethod(method)) {
      throw new Fault('InvalidArgument', `The world has no method ${method}.`);
    }
    return this.#callTyped(method, params, caller);
  }

  #callTyped<M extends ControlMethod>(
    method: M,
    params: unknown,
    caller: Caller,
  ): Promise<unknown> {
    const parsed = CONTROL_METHODS[method].params.safeParse(params);
    if (!parsed.success) throw new Fault('InvalidArgument', parsed.error.message);
    // Picked by the method's name; TypeScript cannot follow that through the table.
    const handler = this.#handlers[method] as (params: unknown, caller: Caller) => Promise<unknown>;
    return handler(parsed.data, caller);
  }
}

function isControlMethod(method: string): method is ControlMethod {
  return Object.hasOwn(CONTROL_METHODS, method);
}
