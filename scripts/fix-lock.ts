// Completes package-lock.json with the native packages of other platforms. A registry mirror may
// lack them, npm then leaves them out of the lock, and `npm ci` of npm 12 refuses such a lock on
// every platform. Run it after each change of dependencies: `npm run lockfile`.
import { readFileSync, writeFileSync } from 'node:fs';

interface LockEntry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const SYSTEMS: Record<string, string> = {
  aix: 'aix',
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  linuxmusl: 'linux',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  openharmony: 'openharmony',
  sunos: 'sunos',
  win32: 'win32',
  windows: 'win32',
};
const PROCESSORS = [
  'arm64',
  'x64',
  'ia32',
  's390x',
  'ppc64',
  'riscv64',
  'loong64',
  'wasm32',
  'mips64el',
  'arm',
];
const EXACT_VERSION = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

const lock: { packages: Record<string, LockEntry> } = JSON.parse(
  readFileSync('package-lock.json', 'utf8'),
);
const added: string[] = [];
for (const [holder, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (!EXACT_VERSION.test(range) || isLocked(holder, name)) continue;
    lock.packages[`node_modules/${name}`] = entryFor(name, range, entry.dev === true);
    added.push(`${name}@${range}`);
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`added ${added.length} entries\n${added.map((a) => `  ${a}\n`).join('')}`);

/** Looks for the package where Node would: beside the holder, then in each folder above. */
function isLocked(holder: string, name: string): boolean {
  let folder = holder;
  while (folder !== '') {
    if (lock.packages[`${folder}/node_modules/${name}`]) return true;
    const above = folder.lastIndexOf('/node_modules/');
    folder = above < 0 ? '' : folder.slice(0, above);
  }
  return lock.packages[`node_modules/${name}`] !== undefined;
}

function entryFor(name: string, version: string, dev: boolean): LockEntry {
  const words = (name.split('/').at(-1) ?? name).split('-');
  const system = words.map((word) => SYSTEMS[word]).find((found) => found !== undefined);
  const processor = PROCESSORS.find((candidate) => words.includes(candidate));
  return {
    version,
    ...(processor ? { cpu: [processor] } : {}),
    ...(dev ? { dev: true } : {}),
    optional: true,
    ...(system ? { os: [system] } : {}),
    ...(words.includes('musl') ? { libc: ['musl'] } : {}),
  };
}
