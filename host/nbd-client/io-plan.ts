// Turns one I/O of a disk into the requests that an NBD server takes: within its largest length,
// and without what it does not offer.
import { unreachable } from '#lib/base/assert.ts';
import { COMMAND_FLAGS, COMMANDS, TRANSMISSION_FLAGS } from '#lib/formats/nbd/constants.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { GIB, MIB } from '#lib/model/limits.ts';
import {
  type ChainIo,
  FLUSH,
  PREFETCH,
  READ,
  TRIM,
  WRITE,
  WRITE_ZEROES,
} from '../chain/chain-io.ts';
import type { ServerInfo } from './client-handshake.ts';
import { type TaskOwner, WireTask } from './wire-task.ts';

/** Requests without data, so that their length is a matter of the server's patience alone. */
const EMPTY_BYTES_MAX = 1 * GIB;
const ZEROES = Buffer.alloc(1 * MIB);

export interface IoPlan {
  tasks: WireTask[];
  /** The server cannot force a write: a flush has to follow. */
  flushAfter: boolean;
}

/** An error number when the server cannot do it; no tasks when nothing is to be done. */
export function planIo(io: ChainIo, info: ServerInfo, owner: TaskOwner): IoPlan | number {
  const has = (flag: number): boolean => (info.transmissionFlags & flag) !== 0;
  const flushes = has(TRANSMISSION_FLAGS.sendFlush);
  const fua = io.fua && has(TRANSMISSION_FLAGS.sendFua) ? COMMAND_FLAGS.fua : 0;
  const flushAfter = io.fua && fua === 0 && flushes;
  const cut = (command: number, flags: number, longest: number): WireTask[] =>
    cutIo(io, { command, flags, longest, owner });
  switch (io.code) {
    case READ:
      return { tasks: cut(COMMANDS.read, 0, info.maximumBytes), flushAfter: false };
    case WRITE:
      return { tasks: cut(COMMANDS.write, fua, info.maximumBytes), flushAfter };
    case FLUSH:
      return { tasks: flushes ? [flushTask(owner)] : [], flushAfter: false };
    case TRIM: {
      const tasks = has(TRANSMISSION_FLAGS.sendTrim)
        ? cut(COMMANDS.trim, fua, EMPTY_BYTES_MAX)
        : [];
      return { tasks, flushAfter: flushAfter || (io.fua && flushes && tasks.length === 0) };
    }
    case WRITE_ZEROES: {
      const fast = io.fastZero ? COMMAND_FLAGS.fastZero : 0;
      if (fast !== 0 && !has(TRANSMISSION_FLAGS.sendFastZero)) return NBD_ERRORS.ENOTSUP;
      const hole = io.noHole ? COMMAND_FLAGS.noHole : 0;
      if (has(TRANSMISSION_FLAGS.sendWriteZeroes)) {
        const flags = fua | fast | hole;
        return { tasks: cut(COMMANDS.writeZeroes, flags, EMPTY_BYTES_MAX), flushAfter };
      }
      const longest = Math.min(info.maximumBytes, ZEROES.length);
      return { tasks: cut(COMMANDS.write, fua, longest).map(withZeroes), flushAfter };
    }
    case PREFETCH:
      return { tasks: [], flushAfter: false };
    default:
      return unreachable(io.code);
  }
}

export function flushTask(owner: TaskOwner): WireTask {
  const task = new WireTask(owner);
  task.command = COMMANDS.flush;
  return task;
}

interface Cut {
  command: number;
  flags: number;
  longest: number;
  owner: TaskOwner;
}

function cutIo(io: ChainIo, { command, flags, longest, owner }: Cut): WireTask[] {
  const tasks: WireTask[] = [];
  for (let at = 0; at < io.length; at += longest) {
    const task = new WireTask(owner);
    task.command = command;
    task.flags = flags;
    task.offset = io.offset + at;
    task.length = Math.min(longest, io.length - at);
    task.buffer = io.buffer;
    task.start = io.start + at;
    tasks.push(task);
  }
  return tasks;
}

function withZeroes(task: WireTask): WireTask {
  task.buffer = ZEROES;
  task.start = 0;
  return task;
}
