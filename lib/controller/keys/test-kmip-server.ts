// For tests: PyKMIP's server, Debian's python3-pykmip, as a process of its own with certificates
// that openssl makes.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { assert } from '../../base/assert.ts';
import type { KmipServer } from './kmip-connection.ts';

const run = promisify(execFile);
/** Debian's own: its packages are not seen by others. */
const PYTHON = '/usr/bin/python3';
/** PyKMIP asks for `ssl.wrap_socket`, which Python 3.12 has no more. */
const STARTER = `
import ssl, sys
if not hasattr(ssl, 'wrap_socket'):
    def wrap_socket(sock, keyfile, certfile, server_side, cert_reqs, ssl_version, ca_certs,
                    do_handshake_on_connect, suppress_ragged_eofs, ciphers):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certfile, keyfile)
        context.load_verify_locations(ca_certs)
        context.verify_mode = cert_reqs
        context.set_ciphers(ciphers)
        return context.wrap_socket(sock, server_side=server_side,
                                   do_handshake_on_connect=do_handshake_on_connect,
                                   suppress_ragged_eofs=suppress_ragged_eofs)
    ssl.wrap_socket = wrap_socket
from kmip.services.server import server
server.main(sys.argv[1:])
`;

/** Whether PyKMIP is installed; under CI it has to be. */
export function havePykmip(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import kmip'], { stdio: 'ignore' });
    return true;
  } catch {
    assert(!process.env.CI, 'python3-pykmip is not installed, and CI must run every test');
    process.stderr.write('skipped: not installed: python3-pykmip\n');
    return false;
  }
}

export class TestKmipServer {
  readonly #folder: string;
  readonly #port: number;
  #child: ChildProcess | null = null;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  /** In a folder that the caller removes. It listens when the promise resolves. */
  static async start(folder: string): Promise<TestKmipServer> {
    const server = new TestKmipServer(folder, await freePort());
    await server.#makeCertificates();
    await server.resume();
    return server;
  }

  /** As an administrator enters it. */
  get access(): KmipServer {
    return {
      ...{ address: '127.0.0.1', port: this.#port, caCertificate: this.#read('ca.pem') },
      clientCertificate: this.#read('client.pem'),
      clientKey: this.#read('client.key'),
    };
  }

  /** Starts it with the keys that it had. */
  async resume(): Promise<void> {
    const file = (name: string) => join(this.#folder, name);
    mkdirSync(file('policy'), { recursive: true });
    const settings = [
      '[server]',
      'hostname=127.0.0.1',
      `port=${this.#port}`,
      `certificate_path=${file('server.pem')}`,
      `key_path=${file('server.key')}`,
      `ca_path=${file('ca.pem')}`,
      'auth_suite=TLS1.2',
      `policy_path=${file('policy')}`,
      `database_path=${file('keys.sqlite')}`,
    ];
    writeFileSync(file('server.conf'), `${settings.join('\n')}\n`);
    const args = ['-c', STARTER, '-f', file('server.conf'), '-l', file('server.log')];
    this.#child = spawn(PYTHON, args, { stdio: 'ignore', detached: true });
    for (;;) {
      assert(this.#child.exitCode === null, `PyKMIP ended: ${this.#log()}`);
      if (await answers(this.#port)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** At once, with what it has started. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child?.pid === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-child.pid, 'SIGKILL');
    await ended;
  }

  #read(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8');
  }

  #log(): string {
    try {
      return this.#read('server.log').slice(-2_000);
    } catch {
      // It came to no log.
      return 'without a word';
    }
  }

  async #makeCertificates(): Promise<void> {
    const cwd = this.#folder;
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const openssl = (...args: string[]) => run('openssl', args, { cwd });
    await openssl(
      'req',
      '-x509',
      ...curve,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=ca',
    );
    for (const [name, extension] of [
      ['server', 'subjectAltName=IP:127.0.0.1'],
      ['client', 'extendedKeyUsage=clientAuth'],
    ] as const) {
      const subject = ['-subj', `/CN=${name}`, '-addext', extension];
      const request = ['-keyout', `${name}.key`, '-out', `${name}.csr`];
      await openssl('req', ...curve, ...request, ...subject);
      const sign = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
      await openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        ...sign,
        '-copy_extensions',
        'copy',
        '-out',
        `${name}.pem`,
      );
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.end());
  });
}
