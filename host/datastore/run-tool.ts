// Runs a tool of the operating system to its end, with a limit on its time and on what it may say.
import { execFile } from 'node:child_process';

const TIME_LIMIT_MS = 60_000;
const OUTPUT_BYTES_MAX = 64 * 1024;
/** Where administration tools live that an ordinary user's PATH does not name. */
const TOOL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Rejects with a system error (ENOENT) when the tool is missing. */
export function runTool(
  file: string,
  args: string[],
): Promise<{ code: number; errorText: string }> {
  const options = {
    timeout: TIME_LIMIT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    env: { NODE_ENV: 'production' as const, PATH: TOOL_PATH, LC_ALL: 'C' },
  };
  return new Promise((resolve, reject) => {
    execFile(file, args, options, (error, _, errorText) => {
      if (!error) return resolve({ code: 0, errorText: '' });
      if (typeof error.code === 'number') return resolve({ code: error.code, errorText });
      reject(error);
    });
  });
}
