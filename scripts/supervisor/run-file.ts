// `run.json` in the data folder: which processes run, by name, and where the console is. A second
// supervisor on the same folder refuses by it, and tests find in it whom to kill.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { replaceFile } from './data-folder.ts';

const runSchema = z.object({
  url: z.string(),
  /** Process ids by name: supervisor, database, esx01 …, controller, web. */
  processes: z.record(z.string(), z.number().int()),
});

export class RunFile {
  readonly #file: string;
  readonly #url: string;
  readonly #processes: Record<string, number> = { supervisor: process.pid };
  #claimed = false;

  constructor(dataFolder: string, url: string) {
    this.#file = path.join(dataFolder, 'run.json');
    this.#url = url;
  }

  /** Throws when another supervisor runs on the folder. */
  claim(): void {
    if (existsSync(this.#file)) {
      const run = runSchema.safeParse(JSON.parse(readFileSync(this.#file, 'utf8')));
      const pid = run.data?.processes.supervisor;
      if (run.data && pid !== undefined && pid !== process.pid && isSupervisor(pid)) {
        throw new Error(`Sluice runs already on this data folder, at ${run.data.url}.`);
      }
    }
    this.#claimed = true;
    this.#write();
  }

  set(name: string, pid: number | null): void {
    if (pid === null) delete this.#processes[name];
    else this.#processes[name] = pid;
    this.#write();
  }

  /** Removes the file, unless it is another supervisor's. */
  release(): void {
    if (this.#claimed) rmSync(this.#file, { force: true });
  }

  #write(): void {
    const run: z.infer<typeof runSchema> = { url: this.#url, processes: this.#processes };
    replaceFile(this.#file, `${JSON.stringify(run, null, 2)}\n`);
  }
}

/**
 * True when the process lives and, where the system tells, is a supervisor: ids are used again
 * after a restart.
 */
function isSupervisor(pid: number): boolean {
  const commandLine = `/proc/${pid}/cmdline`;
  if (existsSync('/proc/self/cmdline')) {
    return existsSync(commandLine) && readFileSync(commandLine, 'utf8').includes('supervisor/main');
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // No such process, or not ours: nothing that could hold the folder.
    return false;
  }
}
