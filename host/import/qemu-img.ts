// Converts a disk image into the flat extent of a disk by qemu-img, in a process of its own with
// low priority. The image is never trusted: its format is given, and what refers to other files was
// refused by our own reading of its header and is asked for once more.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { z } from 'zod';
import type { Clock } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import { errnoOf } from '../datastore/errno.ts';

const OUTPUT_BYTES_MAX = 256 * 1024;
const ERROR_BYTES_MAX = 4 * 1024;
const INFO_MS = 60_000;
/** Without any progress for so long a conversion is given up, in milliseconds. */
const STALL_MS = 60 * 60_000;
/** What `qemu-img check` ends with: besides 0 and these, lost clusters (3) and no check (63). */
const CHECK_FAILED = 1;
const CHECK_CORRUPT = 2;
const CHECK_CODES: readonly number[] = [CHECK_FAILED, CHECK_CORRUPT, 3, 63];
const TOOL_PATH = '/usr/local/bin:/usr/bin:/bin';

const imageInfoSchema = z.object({
  format: z.string(),
  'virtual-size': z.number(),
  'backing-filename': z.string().optional(),
  encrypted: z.boolean().optional(),
  'format-specific': z
    .object({ data: z.looseObject({ 'data-file': z.string().optional() }).optional() })
    .optional(),
});

export interface ConvertRequest {
  /** An image on its own, alone in its directory. */
  source: string;
  format: 'vmdk' | 'qcow2';
  /** The flat extent. */
  target: string;
  capacityBytes: number;
  clock: Clock;
  signal: AbortSignal;
  /** 0 to 100. */
  onProgress(percent: number): void;
}

/**
 * Throws `InvalidDiskFormat` for an image that qemu-img refuses or that is not what it was said to
 * be, `NoDiskSpace`, `PlatformConfigFault` when the host has no qemu-img, and `RequestCanceled`.
 */
export async function convertImage(request: ConvertRequest): Promise<void> {
  await readInfo(request);
  await checkWhole(request);
  const { source, format, target, onProgress } = request;
  const args = ['convert', '-p', '-f', format, '-O', 'raw', source, target];
  await run(request, { args, silenceMs: STALL_MS }, (text) => {
    const percent = [...text.matchAll(/\((\d{1,3}\.\d\d)\/100%\)/g)].at(-1)?.[1];
    if (percent !== undefined) onProgress(Number(percent));
  });
}

async function readInfo(request: ConvertRequest): Promise<void> {
  const { source, format, capacityBytes } = request;
  let output = '';
  const args = ['info', '--output=json', '-f', format, source];
  await run(request, { args, silenceMs: INFO_MS }, (text) => {
    output += text;
    if (output.length > OUTPUT_BYTES_MAX) throw refused('it describes itself without end');
  });
  const info = imageInfoSchema.parse(JSON.parse(output));
  if (info['backing-filename'] !== undefined) throw refused('it has a backing file');
  if (info['format-specific']?.data?.['data-file'] !== undefined) {
    throw refused('it keeps its data in another file');
  }
  if (info.encrypted) throw refused('it is encrypted');
  const size = info['virtual-size'];
  if (info.format !== format || size > capacityBytes || size <= capacityBytes - 512) {
    throw refused(`it is a disk of ${size} bytes as ${info.format}, which was not announced`);
  }
}

/**
 * Asks for each table and cluster, because a conversion reads what lies beyond the end of a file
 * that was cut off as zeroes, and says nothing.
 */
async function checkWhole(request: ConvertRequest): Promise<void> {
  const args = ['check', '-f', request.format, request.source];
  const code = await run(request, { args, silenceMs: STALL_MS, codes: CHECK_CODES });
  if (code === CHECK_CORRUPT || code === CHECK_FAILED) {
    throw refused('it is damaged or was cut off, as qemu-img check says');
  }
}

function refused(reason: string): Fault {
  return new Fault('InvalidDiskFormat', `The disk image is refused: ${reason}.`);
}

interface ToolRun {
  args: string[];
  /** From its last output. */
  silenceMs: number;
  /** Besides 0: what it may end with. */
  codes?: readonly number[];
}

/** Runs qemu-img to its end, and answers with what it ended with. */
async function run(
  { clock, signal }: ConvertRequest,
  { args, silenceMs, codes = [] }: ToolRun,
  onText: (text: string) => void = () => undefined,
): Promise<number> {
  if (signal.aborted) throw cancelled();
  const env = { NODE_ENV: 'production' as const, PATH: TOOL_PATH, LC_ALL: 'C' };
  const child = spawn('qemu-img', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => void child.kill('SIGKILL');
  let stalled = false;
  const giveUp = () => {
    stalled = true;
    kill();
  };
  let timer = clock.after(silenceMs, giveUp);
  signal.addEventListener('abort', kill, { once: true });
  let wrong: unknown;
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    timer.cancel();
    timer = clock.after(silenceMs, giveUp);
    try {
      onText(text);
    } catch (error) {
      wrong ??= error;
      kill();
    }
  });
  try {
    const { code, errorText } = await ended(child);
    if (signal.aborted) throw cancelled();
    if (wrong !== undefined) throw wrong;
    if (stalled) throw new Fault('Timedout', 'qemu-img made no progress and was ended.');
    if (code !== 0 && (code === null || !codes.includes(code))) throw toolFault(errorText);
    return code;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', kill);
  }
}

function ended(child: ChildProcess): Promise<{ code: number | null; errorText: string }> {
  let errorText = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errorText = (errorText + text).slice(0, ERROR_BYTES_MAX);
  });
  return new Promise((resolve, reject) => {
    child.once('spawn', () => lowerPriority(child.pid));
    child.once('error', (cause) => reject(errnoOf(cause) === 'ENOENT' ? missing(cause) : cause));
    child.once('close', (code) => resolve({ code, errorText }));
  });
}

function lowerPriority(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already.
  }
}

function toolFault(errorText: string): Fault {
  const [line = ''] = errorText.trim().split('\n').slice(-1);
  if (/no space left/i.test(errorText)) {
    return new Fault('NoDiskSpace', 'The datastore is full; the disk was not made.');
  }
  const reason = line.replace(/^qemu-img: /, '').replaceAll(/'?\/\S*\//g, '');
  return new Fault('InvalidDiskFormat', `qemu-img could not read the disk image: ${reason}`);
}

function missing(cause: unknown): Fault {
  const message = 'qemu-img is not installed on this host, which is needed for VMDK and qcow2.';
  const remedy = 'Install qemu-img (Debian: qemu-utils), or import the disk as a raw file.';
  const reasons = [{ fault: 'PlatformConfigFault' as const, message, remedy }];
  return new Fault('PlatformConfigFault', message, { reasons, cause });
}

function cancelled(): Fault {
  return new Fault('RequestCanceled', 'The import was cancelled.');
}
