// Who a process is beyond its number, so that another process on the same machine can prove that it
// is dead: the boot, the pid namespace and the start time make a process number unique (proc(5)).
import { readdir, readFile, readlink } from 'node:fs/promises';
import { z } from 'zod';

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
}

/** This machine's. */
export const systemProcesses: ProcessTable = {
  identify: (pid) => identifyProcess(pid),
  isProvablyDead: (who) => isProvablyDead(who),
};

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
 * exit status.
 */
export async function isProvablyDead(who: ProcessIdentity, procRoot = '/proc'): Promise<boolean> {
  if (who.bootId === '' || who.startTicks === '' || who.pidNamespace === '') return false;
  const here = await identifyProcess(process.pid, procRoot);
  if (who.bootId !== here.bootId || who.pidNamespace !== here.pidNamespace) return false;
  if (here.startTicks === '') return false;
  const stat = parseStat(await readOrNothing(readFile(`${procRoot}/${who.pid}/stat`, 'utf8')));
  if (!stat || stat.startTicks !== who.startTicks) return true;
  if (stat.state !== 'Z' && stat.state !== 'X') return false;
  // The first thread may have ended while another is still inside a write.
  const threads = await readdir(`${procRoot}/${who.pid}/task`).catch(() => []);
  return threads.length <= 1;
}

function parseStat(stat: string): { state: string; startTicks: string } | null {
  // The command name stands in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  return state && startTicks ? { state, startTicks } : null;
}

async function readOrNothing(text: Promise<string>): Promise<string> {
  // A missing entry means "cannot be told", which the callers treat as such.
  return text.catch(() => '');
}
