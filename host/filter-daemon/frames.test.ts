// Tests of message frames: whole messages out of any pieces, and nothing beyond the limits.
import { Socket } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader, MESSAGE_BYTES_MAX, sendFrame } from './frames.ts';

function framed(message: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(message.length);
  return Buffer.concat([header, message]);
}

test('messages come out as they went in, however the stream is cut', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
  fc.assert(
    fc.property(messages, cuts, (wanted, sizes) => {
      const stream = Buffer.concat(wanted.map(framed));
      const reader = new FrameReader();
      const found: Uint8Array[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        found.push(...reader.push(stream.subarray(at, at + size)));
        at += size;
      }
      expect(found).toEqual(wanted);
    }),
  );
});

test('a length beyond the limit is refused before its bytes arrive', () => {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(MESSAGE_BYTES_MAX + 1);
  expect(() => new FrameReader().push(header)).toThrow('longer than');
});

test('nothing is sent that is too long, or over a connection that is gone', () => {
  const socket = new Socket();
  expect(sendFrame(socket, new Uint8Array(MESSAGE_BYTES_MAX + 1))).toBe(false);
  socket.destroy();
  expect(sendFrame(socket, new Uint8Array(1))).toBe(false);
});
