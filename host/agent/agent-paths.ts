// Where an agent keeps what. Unix sockets have short paths (108 bytes), so they live in a directory
// of their own under the system's temporary directory, named by a hash of the agent's directory.
import { createHash } from 'node:crypto';
import { lstat, mkdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '#lib/model/fault.ts';

const TEMPORARY_FOLDER_LENGTH_MAX = 40;

export interface AgentPaths {
  root: string;
  /** The lock that keeps a second agent out. */
  lock: string;
  identity: string;
  events: string;
  operations: string;
  vms: string;
  launch: string;
  logs: string;
  image: string;
  traces: string;
  /** The virtual flash resource. */
  flash: string;
  /** What is being downloaded; emptied at each start. */
  downloads: string;
  /** Sockets. */
  runtime: string;
}

/** Makes the directories. Throws `FileFault` when another user has taken the runtime directory. */
export async function prepareAgentPaths(directory: string): Promise<AgentPaths> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const root = await realpath(directory);
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 12);
  const paths: AgentPaths = {
    root,
    lock: join(root, 'agent'),
    identity: join(root, 'identity.json'),
    events: join(root, 'events.jsonl'),
    operations: join(root, 'operations.jsonl'),
    vms: join(root, 'vms'),
    launch: join(root, 'launch'),
    logs: join(root, 'logs'),
    image: join(root, 'image'),
    traces: join(root, 'traces'),
    flash: join(root, 'flash'),
    downloads: join(root, 'downloads'),
    runtime: join(shortTemporaryFolder(), `sluice-${hash}`),
  };
  for (const path of [paths.vms, paths.launch, paths.logs, paths.image, paths.traces]) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  }
  await mkdir(paths.runtime, { recursive: true, mode: 0o700 });
  const info = await lstat(paths.runtime);
  const others = (info.mode & 0o077) !== 0;
  if (!info.isDirectory() || info.uid !== process.getuid?.() || others) {
    throw new Fault('FileFault', `${paths.runtime} is not a private directory of this user.`);
  }
  return paths;
}

/** Room is left for the socket's own name, within the 100 bytes that a launch file allows. */
function shortTemporaryFolder(): string {
  const folder = tmpdir();
  return folder.length <= TEMPORARY_FOLDER_LENGTH_MAX ? folder : '/tmp';
}
