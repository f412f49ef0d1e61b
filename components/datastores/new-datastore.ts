// What is wrong with a datastore that somebody describes, and the call that creates it. Pure.
import type { DatastoreType } from '#lib/model/inventory.ts';

const NAME_MAX = 80;
const PATH_MAX = 1024;
const VSAN_HOSTS_MIN = 3;

export function nameProblem(name: string, others: readonly { name: string }[]): string | null {
  const text = name.trim();
  if (text === '') return 'Enter a name.';
  if (text.length > NAME_MAX) return `A name has at most ${NAME_MAX} characters.`;
  if (/[/\\%\p{Cc}]/u.test(text)) {
    return 'A name has no slash, backslash, percent sign or control character.';
  }
  return others.some((other) => other.name === text)
    ? `There is a datastore ${text} already.`
    : null;
}

export function pathProblem(path: string): string | null {
  const text = path.trim();
  if (text === '') return 'Enter a directory.';
  if (!text.startsWith('/') || text.length > PATH_MAX) return 'Enter an absolute path.';
  return text.split('/').includes('..') ? 'A path does not go up (..).' : null;
}

/** What a type needs beside a name, a directory and hosts. */
export interface TypeOptions {
  /** Address and token of the storage provider of a vVol. */
  provider: string;
  token: string;
}

/** The options of the call; none for a type that has none. */
export function optionsOf(type: DatastoreType, typed: TypeOptions): Record<string, string> {
  if (type !== 'VVOL') return {};
  return { provider: typed.provider.trim(), token: typed.token.trim() };
}

export function optionsProblem(type: DatastoreType, typed: TypeOptions): string | null {
  if (type !== 'VVOL') return null;
  if (!/^http:\/\/[^/?#@\s]+\/?$/.test(typed.provider.trim())) {
    return 'Enter the address of the storage provider, such as http://127.0.0.1:8093.';
  }
  return typed.token.trim() === '' ? 'Enter the token of the storage provider.' : null;
}

export function hostsProblem(type: DatastoreType, count: number): string | null {
  if (type === 'vsan' && count < VSAN_HOSTS_MIN) {
    return `A vSAN needs ${VSAN_HOSTS_MIN} hosts: two keep a copy each, one is the witness.`;
  }
  return count === 0 ? 'Choose at least one host.' : null;
}
