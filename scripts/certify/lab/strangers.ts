// Who may come to a port on which a daemon waits for other hosts: port scanners, other programs,
// and daemons of another version.
import { createConnection } from 'node:net';
import type { XorShift } from '#lib/filter-sdk/xor-shift.ts';

const LINGER_MS = 100;
const LARGEST = 2000;

/** Each comes alone and goes. Returns how many came. */
export async function meetStrangers(
  where: { host: string; port: number },
  random: XorShift,
): Promise<number> {
  const noise = (): Buffer => {
    const length = 1 + Math.floor(random.next() * LARGEST);
    return Buffer.from(Array.from({ length }, () => Math.floor(256 * random.next())));
  };
  const calls = [
    // Says nothing.
    Buffer.alloc(0),
    Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
    noise(),
    // A message that is longer than any may be, and one that never ends.
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
    Buffer.concat([Buffer.from([0, 1, 0, 0]), Buffer.from('half')]),
    // Whole messages: empty, text, JSON that is not what it should be, and noise.
    framed(Buffer.alloc(0)),
    framed(Buffer.from('hello')),
    framed(Buffer.from('{"version":99}')),
    framed(Buffer.from('null')),
    framed(noise()),
  ];
  for (const call of calls) await meet(where, call);
  return calls.length;
}

function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(message.length);
  return Buffer.concat([head, message]);
}

function meet(where: { host: string; port: number }, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = createConnection(where);
    const leave = (): void => {
      socket.destroy();
      resolve();
    };
    // To be cut off is what a stranger may expect.
    socket.on('error', leave);
    socket.on('connect', () => {
      socket.write(bytes);
      setTimeout(leave, LINGER_MS);
    });
  });
}
