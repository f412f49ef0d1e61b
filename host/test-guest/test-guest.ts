// For tests: a PC in software emulation (QEMU) whose disks are ones that we serve, and the line to
// its shell.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { assert } from '#lib/base/assert.ts';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { findTool } from '../world/test-peers.ts';

/** Emulated, on a busy machine: the limit only ends what hangs, in milliseconds. */
const PATIENCE_MS = 240_000;

export class Guest {
  readonly #qemu: ChildProcess;
  readonly #line: Socket;
  #heard = '';
  #wake: () => void = () => undefined;

  private constructor(qemu: ChildProcess, line: Socket) {
    this.#qemu = qemu;
    this.#line = line;
    line.on('data', (chunk: Buffer) => {
      this.#heard += chunk.toString('latin1');
      this.#wake();
    });
    line.on('close', () => this.#wake());
  }

  /**
   * Boots from the first of some NBD disks, `nbd://127.0.0.1:10809/scsi0:0`, which it calls vda,
   * vdb and so on; resolves when its shell is ready.
   */
  static async boot(folder: string, ...uris: readonly string[]): Promise<Guest> {
    const line = join(folder, 'guest.sock');
    const qemu = spawn(findTool('qemu-system-x86_64') ?? 'qemu-system-x86_64', [
      ...['-accel', 'tcg', '-machine', 'pc', '-m', '192', '-nodefaults', '-display', 'none'],
      ...['-no-reboot', '-monitor', 'none'],
      ...uris.flatMap((uri, index) => [
        ...['-drive', `file=${uri},format=raw,if=none,id=disk${index},cache=none`],
        ...['-device', `virtio-blk-pci,drive=disk${index},bootindex=${index}`],
      ]),
      ...['-serial', 'null', '-serial', `unix:${line},server=on,wait=on`],
    ]);
    let complaint = '';
    qemu.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    try {
      const guest = new Guest(qemu, await connect(line, qemu));
      await guest.#until(/ready\r?\n/);
      return guest;
    } catch (thrown) {
      qemu.kill('SIGKILL');
      process.stderr.write(`the guest does not boot: ${complaint}\n`);
      throw thrown;
    }
  }

  /** Runs a line in the guest's shell; throws unless it ends with 0. */
  async run(command: string): Promise<string> {
    this.#heard = '';
    this.#line.write(`${command}\n`);
    const [whole, code] = await this.#until(/ended (\d+)\r?\n/);
    const output = this.#heard.slice(0, this.#heard.indexOf(whole)).replaceAll('\r', '');
    assert(code === '0', `${command} ended with ${code}: ${output}`);
    return output.trim();
  }

  /** Pulls the plug. */
  async powerOff(): Promise<void> {
    if (this.#qemu.exitCode !== null) return;
    const gone = once(this.#qemu, 'exit');
    this.#qemu.kill('SIGKILL');
    await gone;
  }

  async #until(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const found = pattern.exec(this.#heard);
      if (found) return found;
      assert(!deadline.aborted, `the guest does not answer; it said: ${this.#heard}`);
      assert(!this.#line.destroyed, `the guest ended; it said: ${this.#heard}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
}

async function connect(path: string, qemu: ChildProcess): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    assert(qemu.exitCode === null, 'qemu runs');
    assert(tries < 400, 'qemu opens its serial port');
    const socket = createConnection(path);
    const connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    if (connected) return socket;
    await sleep(systemClock, 25);
  }
}
