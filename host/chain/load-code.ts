// Loads the code of a filter or of its daemon: reads the file once, checks its SHA-256, and imports
// exactly the bytes that were hashed.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Fault } from '#lib/model/fault.ts';

/** Largest file of code that is loaded, in bytes. */
const CODE_BYTES_MAX = 16 * 1024 * 1024;

export interface CodeFile {
  /** Of the filter; stack traces show it as `filter:<name>`. */
  name: string;
  /**
   * Absolute path of the ES module. It is self-contained: it imports nothing but Node's own
   * modules.
   */
  entryPath: string;
  /** Hex. */
  entrySha256: string;
}

/** The module's default export. Throws `CannotOpenDisk` saying which filter and why. */
export async function loadCode(file: CodeFile): Promise<unknown> {
  const bytes = await readFile(file.entryPath).catch((cause: unknown) => {
    throw cannotLoad(file, `its code cannot be read (${String(cause)})`, cause);
  });
  if (bytes.length > CODE_BYTES_MAX) throw cannotLoad(file, 'its code is too large');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== file.entrySha256) {
    throw cannotLoad(file, 'its code is not what was installed: the SHA-256 differs');
  }
  return importBytes(file.name, bytes).catch((cause: unknown) => {
    throw cannotLoad(file, `its code does not load (${String(cause)})`, cause);
  });
}

/** The filters whose code a stack trace passes, nearest first. */
export function filtersInStack(stack: string): string[] {
  const names = [...stack.matchAll(/\bfilter:([a-z][a-z0-9-]*)/g)].map(([, name = '']) => name);
  return [...new Set(names)];
}

export function cannotLoad({ name }: CodeFile, why: string, cause?: unknown): Fault {
  return new Fault('CannotOpenDisk', `The I/O filter ${name} cannot be loaded: ${why}.`, {
    cause,
    data: { filter: name, operation: 'load' },
  });
}

async function importBytes(name: string, bytes: Buffer): Promise<unknown> {
  // Without a name of its own the code would be called by its whole text in stack traces.
  const named = Buffer.concat([bytes, Buffer.from(`\n//# sourceURL=filter:${name}\n`)]);
  const url = `data:text/javascript;base64,${named.toString('base64')}`;
  const module_: { default?: unknown } = await import(url);
  return module_.default;
}
