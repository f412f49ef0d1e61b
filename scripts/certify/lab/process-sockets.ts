// Where a process listens, what it is connected to, and how much memory it has, as the kernel tells
// (/proc).
import { readdir, readFile, readlink } from 'node:fs/promises';
import { KIB } from '#lib/model/limits.ts';

export interface ListeningSocket {
  protocol: 'tcp' | 'udp';
  /** `127.0.0.77`; IPv6 as 32 hexadecimal digits. */
  address: string;
  port: number;
}

const LISTEN = '0A';
const ESTABLISHED = '01';
/** Of UDP: bound to a port. */
const BOUND = '07';

/** TCP sockets that listen and UDP sockets that are bound. */
export async function listeningSockets(pid: number): Promise<ListeningSocket[]> {
  const found: ListeningSocket[] = [];
  for (const protocol of ['tcp', 'udp'] as const) {
    const state = protocol === 'tcp' ? LISTEN : BOUND;
    for (const row of await socketRows(pid, protocol))
      if (row.state === state) found.push({ protocol, address: row.address, port: row.port });
  }
  return found;
}

/** TCP connections that are open. */
export async function openConnections(pid: number): Promise<number> {
  const rows = await socketRows(pid, 'tcp');
  return rows.filter(({ state }) => state === ESTABLISHED).length;
}

/** 0 when the process is gone. */
export async function residentBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * KIB;
}

interface SocketRow {
  state: string;
  address: string;
  port: number;
}

async function socketRows(pid: number, protocol: 'tcp' | 'udp'): Promise<SocketRow[]> {
  const inodes = await socketInodes(pid);
  const rows: SocketRow[] = [];
  for (const table of [protocol, `${protocol}6`]) {
    const text = await readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const [, local = '', , state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
      if (!inodes.has(inode)) continue;
      const [host = '', port = ''] = local.split(':');
      rows.push({ state, address: addressOf(host), port: Number.parseInt(port, 16) });
    }
  }
  return rows;
}

async function socketInodes(pid: number): Promise<Set<string>> {
  const inodes = new Set<string>();
  for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  return inodes;
}

/** The kernel prints IPv4 addresses as a little-endian number. */
function addressOf(hex: string): string {
  if (hex.length !== 8) return hex;
  return Buffer.from(hex, 'hex').reverse().join('.');
}
