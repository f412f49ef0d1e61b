// Starts and ends the process of a VM's world. It is detached: it outlives the agent and is found
// again through its control socket; its process identity tells a silent world from a dead one.
import { spawn } from 'node:child_process';
import { mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, sleep } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import { errnoOf } from '../../datastore/errno.ts';
import {
  identifyProcess,
  isProvablyDead,
  type ProcessIdentity,
} from '../../datastore/process-identity.ts';
import { writeFileDurably } from '../../datastore/write-file.ts';
import type { WorldLaunch } from '../../world/launch.ts';
import { INSPECTOR_ARGS } from './stuck-world.ts';

const KILL_PATIENCE_MS = 10_000;
const WORLD_PROGRAM = fileURLToPath(new URL('../../world/world-main.ts', import.meta.url));

/**
 * The shell becomes the world. A core dump would hold the keys of its disks; the limit of one byte
 * that an agent has is more than 0 (core-dumps.ts), and 0 for the shell. What the world says on its
 * standard error is for its owner alone.
 */
const BECOME_WORLD =
  '[ "$(ulimit -Hc)" = 0 ] || ulimit -c 0; (umask 077; : >>"$0"); exec "$@" 2>>"$0"';

/**
 * The command line of a world; the same for one that this host starts and for one that another
 * hands over.
 */
export function worldCommand(
  launchPath: string,
  logPath: string,
): { file: string; args: string[] } {
  const command = [process.execPath, ...INSPECTOR_ARGS, WORLD_PROGRAM, launchPath];
  return { file: '/bin/sh', args: ['-c', BECOME_WORLD, logPath, ...command] };
}

export interface StartedWorld {
  process: ProcessIdentity;
  /** False once the process has ended. */
  isAlive(): boolean;
  ended: Promise<void>;
}

/** Writes the launch file and starts the process. The world before it must have ended. */
export async function startWorld(launch: WorldLaunch, launchPath: string): Promise<StartedWorld> {
  await prepareLaunch(launch, launchPath);
  const log = await open(launch.logPath, 'a', 0o600);
  try {
    const { file, args } = worldCommand(launchPath, launch.logPath);
    const child = spawn(file, args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
    child.unref();
    let alive = true;
    const ended = new Promise<void>((resolve) => {
      child.once('exit', resolve);
      child.once('error', () => resolve());
    }).then(() => {
      alive = false;
    });
    if (child.pid === undefined) {
      throw new Fault('SystemError', 'The process of the virtual machine could not be started.');
    }
    return { process: await identifyProcess(child.pid), isAlive: () => alive, ended };
  } finally {
    await log.close();
  }
}

/** Writes the launch file and removes sockets that a dead world left. */
export async function prepareLaunch(launch: WorldLaunch, launchPath: string): Promise<void> {
  // A cleaner of temporary files may have taken the directory of the sockets.
  await mkdir(dirname(launch.controlSocketPath), { recursive: true, mode: 0o700 });
  await writeFileDurably(launchPath, `${JSON.stringify(launch, null, 2)}\n`);
  await removeSockets(launch);
}

/** Of a world that has ended. */
export async function removeSockets(
  places: Pick<WorldLaunch, 'controlSocketPath' | 'nbdSocketPath'>,
): Promise<void> {
  for (const path of [places.controlSocketPath, places.nbdSocketPath]) {
    await unlink(path).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
  }
}

/**
 * The process that runs a launch file, found by its command line. For the case that the agent died
 * after it had started a world and before it had written down which process that is.
 */
export async function findWorldProcess(launchPath: string): Promise<ProcessIdentity | null> {
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    const args = command.split('\0');
    if (!args.includes(WORLD_PROGRAM) || !args.includes(launchPath)) continue;
    return identifyProcess(Number(name));
  }
  return null;
}

/**
 * Waits for a process to end by itself; after the given time it is killed. Throws `Timedout` when
 * even that does not end it, as happens to one that waits for a disk.
 */
export async function ensureEnded(
  who: ProcessIdentity,
  clock: Clock,
  patienceMs: number,
): Promise<void> {
  const deadline = clock.monotonic() + patienceMs;
  while (!(await isProvablyDead(who))) {
    const late = clock.monotonic() - deadline;
    if (late >= KILL_PATIENCE_MS) {
      throw new Fault('Timedout', `The process ${who.pid} of the virtual machine does not end.`);
    }
    if (late >= 0) killIfSame(who);
    await sleep(clock, 25);
  }
}

function killIfSame(who: ProcessIdentity): void {
  try {
    process.kill(who.pid, 'SIGKILL');
  } catch (error) {
    // It ended between the look and the kill.
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
