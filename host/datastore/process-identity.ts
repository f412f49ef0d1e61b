// Who a process is beyond its number, so that another process on the same machine can prove that it
// is dead: the boot, the pid namespace and the start time make a process number unique (proc(5)).
import { readdir, readFile, readlink } from 'node:fs/promises';
import { z } from 'zod';
import { type Clock, sleep } from '#lib/base/clock.ts';
import { errnoOf } from './errno.ts';

export const processIdentitySchema = z.object({
  pid: z.number().int().positive(),
  /** Start time in clock ticks since boot; empty where /proc does not tell. */
  startTicks: z.string(),
  /** Id of the machine's boot; empty where /proc does not tell. */
  bootId: z.string(),
  /** The namespace in which the pid counts: containers on one machine have several. */
  pidNamespace: z.string(),
});
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

/** Who can tell one process from another, and a dead one from a live one. */
export interface ProcessTable {
  identify(pid: number): Promise<ProcessIdentity>;
  isProvablyDead(who: ProcessIdentity): Promise<boolean>;
  /** Ends a process, so that it writes nothing more, whatever it was about to do. */
  end(who: ProcessIdentity, clock: Clock): Promise<EndResult>;
}

/**
 * `ended`: it is provably dead. `alive`: it is on this machine and could not be ended.
 * `unreachable`: it is, or was, on another machine or in another namespace.
 */
export type EndResult = 'ended' | 'alive' | 'unreachable';

/** This machine's. */
export const systemProcesses: ProcessTable = {
  identify: (pid) => identifyProcess(pid),
  isProvablyDead: (who) => isProvablyDead(who),
  end: endProcess,
};

/** A process that was killed must be gone by then, in milliseconds. */
const END_MS = 5_000;
const POLL_MS = 20;

/** The identity of a process of this machine, by default of this one. */
export async function identifyProcess(pid: number, procRoot = '/proc'): Promise<ProcessIdentity> {
  const [stat, bootId, pidNamespace] = await Promise.all([
    readOrNothing(readFile(`${procRoot}/${pid}/stat`, 'utf8')),
    readOrNothing(readFile(`${procRoot}/sys/kernel/random/boot_id`, 'utf8')),
    readOrNothing(readlink(`${procRoot}/self/ns/pid`)),
  ]);
  const startTicks = parseStat(stat)?.startTicks ?? '';
  return { pid, startTicks, bootId: bootId.trim(), pidNamespace };
}

/**
 * True only when the process can no longer write: it ran in this boot of this machine and in this
 * namespace, and it is gone, or its number belongs to another, or nothing of it is left but its
 * exit status. The same for what it started in its own session: a child may have its files open.
 */
export async function isProvablyDead(who: ProcessIdentity, procRoot = '/proc'): Promise<boolean> {
  if (!(await isOfHere(who, procRoot))) return false;
  const stat = parseStat(await readOrNothing(readFile(`${procRoot}/${who.pid}/stat`, 'utf8')));
  // A number that another has got was free, and so was its session.
  if (stat && stat.startTicks !== who.startTicks) return true;
  if (!stat && !isGone(who.pid)) return false;
  if (stat && stat.state !== 'Z' && stat.state !== 'X') return false;
  if (stat) {
    // The first thread may have ended while another is still inside a write.
    const threads = await readdir(`${procRoot}/${who.pid}/task`).catch(() => []);
    if (threads.length > 1) return false;
  }
  return (await membersOfSession(who.pid, procRoot)).length === 0;
}

/**
 * Kills a process of this program on this machine, with what it started, and waits until it is
 * provably dead. One that runs another program is left alone: a lock's record may say what it
 * likes.
 */
async function endProcess(who: ProcessIdentity, clock: Clock): Promise<EndResult> {
  if (!(await isOfHere(who, '/proc'))) return 'unreachable';
  const deadline = clock.monotonic() + END_MS;
  let killed = false;
  while (!(await isProvablyDead(who))) {
    const stat = parseStat(await readOrNothing(readFile(`/proc/${who.pid}/stat`, 'utf8')));
    const running = stat?.startTicks === who.startTicks;
    // One that is ending cannot be asked any more what it runs.
    if (running && !killed && !(await isThisProgram(who.pid))) return 'alive';
    const targets = [...(running ? [who.pid] : []), ...(await membersOfSession(who.pid, '/proc'))];
    if (!targets.every(kill) || clock.monotonic() >= deadline) return 'alive';
    killed = true;
    await sleep(clock, POLL_MS);
  }
  return 'ended';
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch (error) {
    return errnoOf(error) === 'ESRCH';
  }
}

/** Never true of this very process. */
async function isThisProgram(pid: number): Promise<boolean> {
  if (pid === process.pid) return false;
  const program = await readOrNothing(readlink(`/proc/${pid}/exe`));
  // Nothing can be read of one that is ending, and then nothing else runs under its number.
  const ending =
    program === '' &&
    parseStat(await readOrNothing(readFile(`/proc/${pid}/stat`, 'utf8')))?.state === 'Z';
  return ending || (program !== '' && program === (await readlink('/proc/self/exe')));
}

async function isOfHere(who: ProcessIdentity, procRoot: string): Promise<boolean> {
  if (who.bootId === '' || who.startTicks === '' || who.pidNamespace === '') return false;
  const here = await identifyProcess(process.pid, procRoot);
  if (who.bootId !== here.bootId || who.pidNamespace !== here.pidNamespace) return false;
  return here.startTicks !== '';
}

/** No entry in /proc may also mean that it cannot be read now. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return errnoOf(error) === 'ESRCH';
  }
}

/** Live processes whose session the process of that number began, itself not among them. */
async function membersOfSession(pid: number, procRoot: string): Promise<number[]> {
  const members: number[] = [];
  for (const name of await readdir(procRoot).catch(() => [])) {
    if (!/^[1-9]\d*$/.test(name) || Number(name) === pid) continue;
    const stat = parseStat(await readOrNothing(readFile(`${procRoot}/${name}/stat`, 'utf8')));
    const ended = stat?.state === 'Z' || stat?.state === 'X';
    if (stat?.session === pid && !ended) members.push(Number(name));
  }
  return members;
}

interface ProcessStat {
  state: string;
  session: number;
  startTicks: string;
}

function parseStat(stat: string): ProcessStat | null {
  // The command name stands in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, session, startTicks] = [fields[0], Number(fields[3]), fields[19]];
  return state && startTicks ? { state, session, startTicks } : null;
}

async function readOrNothing(text: Promise<string>): Promise<string> {
  // A missing entry means "cannot be told", which the callers treat as such.
  return text.catch(() => '');
}
