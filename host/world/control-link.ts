// One connection to a world's control socket, for as many calls as wanted.
import { createConnection, type Socket } from 'node:net';
import type { z } from 'zod';
import type { Clock } from '#lib/base/clock.ts';
import { Fault, fromFaultRecord } from '#lib/model/fault.ts';
import {
  CONTROL_LINE_BYTES_MAX,
  CONTROL_METHODS,
  type ControlMethod,
  controlAnswerSchema,
} from './control.ts';
import { LineSplitter } from './json-lines.ts';

export type ControlParams<M extends ControlMethod> = z.input<(typeof CONTROL_METHODS)[M]['params']>;
export type ControlResult<M extends ControlMethod> = z.output<
  (typeof CONTROL_METHODS)[M]['result']
>;

/** What a call threw because nobody answered in time, which one that has ended does not do. */
export function isSilence(thrown: unknown): boolean {
  return thrown instanceof Fault && thrown.data.isSilent === true;
}

interface Waiter {
  resolve(line: string): void;
  reject(fault: Fault): void;
}

/**
 * A world that is gone or silent makes a call throw `HostNotReachable`; what it refuses, the fault
 * it gave.
 */
export class ControlLink {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #lines = new LineSplitter(CONTROL_LINE_BYTES_MAX);
  /** Calls without an answer, by id. */
  readonly #waiters = new Map<number, Waiter>();
  #lastId = 0;
  #over: Fault | null = null;

  constructor(controlSocketPath: string, clock: Clock) {
    this.#clock = clock;
    this.#socket = createConnection(controlSocketPath);
    this.#socket.on('error', (error) => this.#fail(`cannot be reached (${error.message})`));
    this.#socket.on('close', () => this.#fail('closed its connection'));
    this.#socket.on('data', (chunk: Buffer) => this.#received(chunk));
  }

  async call<M extends ControlMethod>(
    method: M,
    params: ControlParams<M>,
    timeoutMs: number,
  ): Promise<ControlResult<M>> {
    if (this.#over) throw this.#over;
    this.#lastId += 1;
    const id = this.#lastId;
    const line = await new Promise<string>((resolve, reject) => {
      const timer = this.#clock.after(timeoutMs, () => {
        this.#fail('did not answer in time', { isSilent: true });
      });
      this.#waiters.set(id, {
        resolve: (answer) => {
          timer.cancel();
          resolve(answer);
        },
        reject: (fault) => {
          timer.cancel();
          reject(fault);
        },
      });
      this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    });
    const answer = controlAnswerSchema.parse(JSON.parse(line));
    if (answer.fault) throw fromFaultRecord(answer.fault);
    // The schema was picked by the method's name; TypeScript cannot follow that through the table.
    return CONTROL_METHODS[method].result.parse(answer.result) as ControlResult<M>;
  }

  close(): void {
    this.#socket.destroy();
  }

  #received(chunk: Buffer): void {
    try {
      for (const line of this.#lines.push(chunk)) {
        const { id } = controlAnswerSchema.parse(JSON.parse(line));
        this.#waiters.get(id)?.resolve(line);
        this.#waiters.delete(id);
      }
    } catch (thrown) {
      this.#fail(`answered with something else (${String(thrown)})`);
    }
  }

  #fail(what: string, data: Record<string, boolean> = {}): void {
    const message = `The process of the virtual machine ${what}.`;
    this.#over ??= new Fault('HostNotReachable', message, { data });
    this.#socket.destroy();
    for (const { reject } of this.#waiters.values()) reject(this.#over);
    this.#waiters.clear();
  }
}
