// PostgreSQL refuses to run as root, containers often run as nothing else. A user namespace that
// maps root to nobody keeps all files root's own and needs no account; where the kernel forbids it,
// an account takes over.
import { spawnSync } from 'node:child_process';
import { Fault } from '../../model/fault.ts';

const NOBODY = '65534';
const NAMESPACE = ['--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];

export interface ServerAccount {
  /** What to execute so that the program does not see itself as root. */
  command(program: string, args: string[]): { file: string; args: string[] };
  /** The account to switch to, where there is no namespace. */
  ids: { uid: number; gid: number } | null;
  /** For the log. */
  description: string;
}

/** Chooses how to run the server; `SystemError` when root has no way. */
export function chooseServerAccount(): ServerAccount {
  const direct = (file: string, args: string[]) => ({ file, args });
  if (process.getuid?.() !== 0) return { command: direct, ids: null, description: 'directly' };
  if (spawnSync('unshare', [...NAMESPACE, 'true']).status === 0) {
    return {
      command: (program, args) => ({ file: 'unshare', args: [...NAMESPACE, program, ...args] }),
      ids: null,
      description: 'in a user namespace',
    };
  }
  for (const name of ['postgres', 'nobody']) {
    const ids = { uid: idOf('-u', name), gid: idOf('-g', name) };
    if (ids.uid > 0) return { command: direct, ids, description: `as user ${name}` };
  }
  throw new Fault(
    'SystemError',
    'PostgreSQL cannot run as root here: start as an ordinary user, or set DATABASE_URL.',
  );
}

/** A user's id, or NaN when there is no such user. */
function idOf(flag: '-u' | '-g', name: string): number {
  const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : Number.NaN;
}
