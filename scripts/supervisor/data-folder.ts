// The data folder: its secrets, each made once and readable by its owner alone, and files that are
// replaced whole.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const OWNER_ONLY = 0o600;

/** Makes a folder that only its owner can enter, with the folders above it. */
export function makePrivateFolder(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** The secret in the file; made on first use. `characters` of base64url, 6 bits each. */
export function keepSecret(file: string, characters = 43): string {
  if (!existsSync(file)) {
    const bytes = randomBytes(Math.ceil((characters * 3) / 4));
    replaceFile(file, bytes.toString('base64url').slice(0, characters));
  }
  return readFileSync(file, 'utf8').trim();
}

/**
 * Writes a private file so that a reader, or a crash, sees the old contents or the new and nothing
 * between.
 */
export function replaceFile(file: string, text: string): void {
  makePrivateFolder(path.dirname(file));
  const fresh = `${file}.new`;
  writeFileSync(fresh, text, { mode: OWNER_ONLY, flush: true });
  renameSync(fresh, file);
}
