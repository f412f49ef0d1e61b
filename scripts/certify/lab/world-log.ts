// What a world's process has said of what kept it from going on: in its log, or where errors go
// that nobody caught.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

/** Pino's lines from the level error on. */
const lineSchema = z.object({ level: z.number(), msg: z.string() });
const ERROR_LEVEL = 50;
/** Of an error that nobody caught: its message, and where it was thrown. */
const LINES_TOLD = 3;

/** Messages, the newest last. */
export async function errorsLogged(logPath: string): Promise<string[]> {
  const lines = (await linesOf(logPath)).map((line) => lineSchema.safeParse(jsonOf(line)).data);
  return lines.flatMap((line) => (line && line.level >= ERROR_LEVEL ? [line.msg] : []));
}

/** The last error that went past the log; null when none did. */
export async function errorThrown(logPath: string): Promise<string | null> {
  const lines = await linesOf(`${logPath}.stderr`);
  const at = lines.findLastIndex((line) => /^\s*(\w+)?Error\b/.test(line));
  return at < 0
    ? null
    : lines
        .slice(at, at + LINES_TOLD)
        .join(' ')
        .trim();
}

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8').catch(() => '')).split('\n');
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The process was killed while it wrote it.
    return null;
  }
}
