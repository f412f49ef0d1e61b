// What a process of ours that answers nobody and computes nothing waits for, as the kernel shows it
// (wchan in proc(5)). Our own code on the first thread waits for storage at most; whatever else it
// waits for there is a filter's doing, and no storage that comes back will end it.
import { readFile } from 'node:fs/promises';
import { type Clock, sleep } from '#lib/base/clock.ts';

/** In words that end "it waits …". */
export type Wait = 'for another thread' | 'for a program' | 'at a pipe';

const LOOKS = 5;
const LOOK_MS = 100;

/** Names of functions of Linux, the newer and the older ones. */
const WAITS: readonly { pattern: RegExp; wait: Wait }[] = [
  // Atomics.wait; for a lock of the runtime it is a moment only.
  { pattern: /^futex_/, wait: 'for another thread' },
  // execSync and the like: its own loop stands while one for the child alone runs.
  { pattern: /^(do_epoll_wait|ep_poll|do_sys_poll|poll_schedule_timeout)/, wait: 'for a program' },
  { pattern: /^(wait_for_partner|fifo_open|pipe_(read|write|wait)|anon_pipe_)/, wait: 'at a pipe' },
];

/**
 * Null when it waits for storage, is stopped, or the kernel does not tell. Of a process that has
 * answered nobody for a long time: one whose loop is at rest waits like one that runs a program.
 */
export async function whatItWaitsFor(pid: number, clock: Clock): Promise<Wait | null> {
  const first = await look(pid);
  for (let looks = 1; looks < LOOKS && first !== null; looks++) {
    await sleep(clock, LOOK_MS);
    if ((await look(pid)) !== first) return null;
  }
  return first;
}

async function look(pid: number): Promise<Wait | null> {
  const [stat, place] = await Promise.all(
    [`/proc/${pid}/stat`, `/proc/${pid}/task/${pid}/wchan`].map((path) =>
      // What is gone, or not to be seen, waits for nothing that we know.
      readFile(path, 'utf8').catch(() => ''),
    ),
  );
  // The state follows the command's name, which stands in parentheses; S is an ordinary sleep.
  const state = stat?.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  if (state !== 'S') return null;
  return WAITS.find(({ pattern }) => pattern.test(place ?? ''))?.wait ?? null;
}
