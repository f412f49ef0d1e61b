// What people see of the processes: all of it goes to a log file per process, warnings and errors
// to the terminal.
import { appendFileSync, existsSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { makePrivateFolder } from './data-folder.ts';

/** A log above this size is set aside as `<name>.log.1` when the product starts. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;
const WARNING = 40;

/** A line of pino's, as the processes log. */
const entrySchema = z.looseObject({
  level: z.number(),
  msg: z.string().default(''),
  err: z.looseObject({ message: z.string() }).optional(),
});

export interface Output {
  /** A line of the supervisor's own. */
  say(text: string): void;
  /** A line that a process printed. */
  line(name: string, stream: 'stdout' | 'stderr', text: string): void;
}

/** Opens the logs in the folder. */
export function openOutput(folder: string): Output {
  makePrivateFolder(folder);
  // A terminal or pipe that is gone must not end the processes before they are stopped well; what
  // it would have shown stands in the log.
  process.stdout.on('error', () => undefined);
  const opened = new Set<string>();
  const append = (name: string, text: string) => {
    const file = path.join(folder, `${name}.log`);
    if (!opened.has(name)) setAside(file);
    opened.add(name);
    appendFileSync(file, `${text}\n`, { mode: 0o600 });
  };
  const say = (text: string) => {
    append('supervisor', `${new Date().toISOString()} ${text}`);
    process.stdout.write(`${text}\n`);
  };
  return {
    say,
    line(name, stream, text) {
      append(name, text);
      const shown = describeProblem(stream, text);
      if (shown) say(`[${name}] ${shown}`);
    },
  };
}

function setAside(file: string): void {
  if (existsSync(file) && statSync(file).size > LOG_BYTES_MAX) renameSync(file, `${file}.1`);
}

/** The text of a warning or an error, or null for what nobody needs to see. */
function describeProblem(stream: 'stdout' | 'stderr', text: string): string | null {
  // Indented lines are the rest of what the line before said: a stack, the fields of an error.
  if (!text.startsWith('{')) return stream === 'stderr' && /^\S{2}/.test(text) ? text : null;
  const entry = entrySchema.safeParse(parseJson(text));
  if (!entry.success) return text;
  const { level, msg, err } = entry.data;
  if (level < WARNING) return null;
  return err && err.message !== msg ? `${msg}: ${firstLine(err.message)}` : msg;
}

/** The log has the rest. */
function firstLine(text: string): string {
  return text.trimStart().split('\n', 1)[0] ?? '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON after all: it is shown as it is.
    return undefined;
  }
}
