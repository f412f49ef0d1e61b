// How the controller speaks with a replication target: encrypted, under the key of the pairing,
// with one HTTP call a connection. Pairing itself is one message under the key of a code.
import { request } from 'node:http';
import { connect, type TLSSocket } from 'node:tls';
import { z } from 'zod';
import { keyOfCode } from '../../formats/sealed-box/pairing-code.ts';
import { Fault, fromFaultRecord } from '../../model/fault.ts';
import { faultRecordSchema } from '../../model/task.ts';
import type { Rpc } from '../../wire/agent/rpc.ts';
import {
  callsIdentity,
  PAIRING_IDENTITY,
  type Pairing,
  PSK_SUITES,
  pairingSchema,
} from '../../wire/agent/target-pairing.ts';

/** How long both may take to agree, and a target to say who pairs with it, in milliseconds. */
const CONNECT_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const PAIRING_BYTES_MAX = 4096;
const LENGTH_BYTES = 4;

export interface TargetPlace {
  address: string;
  port: number;
}

export interface OpenTarget extends TargetPlace {
  /** What people call it. */
  name: string;
  pairing: string;
  /** Of the pairing. */
  key: Uint8Array;
}

/** Uses up the code that the target shows. Throws `HostNotReachable`, also for a wrong code. */
export async function pairWithTarget(place: TargetPlace, code: string): Promise<Pairing> {
  const doubt = 'or the code is not, or no longer, good';
  const peer = { identity: PAIRING_IDENTITY, key: keyOfCode(code), doubt };
  const socket = await connectTo(place, peer);
  try {
    const text = new TextDecoder().decode(await firstMessage(socket));
    return pairingSchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `${nameOf(place)} is no replication target, or ended the pairing.`;
    throw new Fault('HostNotReachable', message, { cause });
  } finally {
    socket.destroy();
  }
}

/** Throws the target's own fault, or `HostNotReachable`. */
export async function callTarget<Input extends z.ZodType, Output extends z.ZodType>(
  target: OpenTarget,
  rpc: Rpc<Input, Output>,
  input: z.input<Input>,
): Promise<z.output<Output>> {
  const { name, pairing, key } = target;
  const body = JSON.stringify(rpc.input.parse(input));
  const doubt = 'or has ended the pairing';
  const socket = await connectTo(target, { identity: callsIdentity(pairing), key, doubt });
  try {
    const token = Buffer.from(key).toString('hex');
    const { status, text } = await post(socket, { path: `/rpc/${rpc.name}`, token, body, rpc });
    if (status !== 200) throw faultOf(target, rpc.name, { status, text });
    return rpc.output.parse(JSON.parse(text));
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    const message = `The replication target ${name} did not answer ${rpc.name}: ${why}`;
    throw new Fault('HostNotReachable', message, { cause });
  } finally {
    socket.destroy();
  }
}

interface Peer {
  identity: string;
  key: Uint8Array;
  /** What else a refused connection may mean, in words. */
  doubt: string;
}

function connectTo(place: TargetPlace, { identity, key, doubt }: Peer): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host: place.address, port: place.port, ...PSK_SUITES, timeout: CONNECT_MS },
      pskCallback: () => ({ identity, psk: key }),
      // Nobody has a certificate; that the other has the key says who it is.
      checkServerIdentity: () => undefined,
    });
    const fail = (why: string, cause?: Error): void => {
      socket.destroy();
      const message = `${nameOf(place)} cannot be reached, ${doubt}: ${why}.`;
      reject(new Fault('HostNotReachable', message, { cause }));
    };
    socket.on('error', (error: NodeJS.ErrnoException) => fail(inWords(error), error));
    socket.once('timeout', () => fail('no answer in time'));
    socket.once('secureConnect', () => resolve(socket));
  });
}

interface Post {
  path: string;
  token: string;
  body: string;
  rpc: { timeoutMs: number };
}

function post(
  socket: TLSSocket,
  { path, token, body, rpc }: Post,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(rpc.timeoutMs, () => socket.destroy(new Error('no answer in time')));
    socket.once('close', () => reject(new Error('the connection has ended')));
    const sent = request(
      {
        ...{ method: 'POST', path, createConnection: () => socket },
        headers: {
          ...{ host: 'target', connection: 'close', 'content-type': 'application/json' },
          ...{ authorization: `Bearer ${token}`, 'content-length': Buffer.byteLength(body) },
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX) socket.destroy(new Error('the answer is too long'));
          else chunks.push(chunk);
        });
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, text });
        });
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

/** The bytes of the first message: its length in 32 bits, little endian, comes before it. */
async function firstMessage(socket: TLSSocket): Promise<Uint8Array> {
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk]);
    if (received.length < LENGTH_BYTES) continue;
    const length = received.readUInt32LE(0);
    if (length > PAIRING_BYTES_MAX) throw new Fault('RequestTooLarge', 'Its answer is too long.');
    const end = LENGTH_BYTES + length;
    if (received.length >= end) return received.subarray(LENGTH_BYTES, end);
  }
  throw new Fault('HostNotReachable', 'It ended the connection.');
}

function faultOf(
  { name }: OpenTarget,
  call: string,
  { status, text }: { status: number; text: string },
): Fault {
  const parsed = faultRecordSchema.safeParse(JSON.parse(text));
  if (parsed.success) return fromFaultRecord(parsed.data);
  const message = `The replication target ${name} answered ${call} with HTTP status ${status}.`;
  return new Fault('SystemError', message);
}

function nameOf({ address, port }: TargetPlace): string {
  return `${address}:${port}`;
}

/** Without a full stop. */
function inWords({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (code === 'ENOTFOUND') return 'its name is not known';
  return message.replace(/\.$/, '');
}
