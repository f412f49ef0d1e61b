// Tests of the sealed box: nothing of what is in it is seen, and only the box that was meant opens
// it, for what was meant.
import { expect, test } from 'vitest';
import { systemRandom } from '../../base/system-random.ts';
import { SealedBox, seal } from './sealed-box.ts';

const bytes = new Uint8Array(systemRandom.bytes(32));
const text = Buffer.from(bytes).toString('base64');

test('what is sealed comes out as it went in, of its own box and for its purpose alone', () => {
  const box = new SealedBox(systemRandom);
  const parts = { purpose: 'vm-1', bytes, publicKey: box.publicKey, random: systemRandom };
  const sealed = seal(parts);
  expect(new Uint8Array(box.open('vm-1', sealed))).toEqual(bytes);
  expect(JSON.stringify(sealed)).not.toContain(text);
  expect(seal(parts).sealed).not.toBe(sealed.sealed);
  expect(() => box.open('vm-2', sealed)).toThrow(/another start/);
  expect(() => new SealedBox(systemRandom).open('vm-1', sealed)).toThrow(/another start/);
  const body = Buffer.from(sealed.sealed, 'base64');
  body.writeUInt8(body.readUInt8(20) ^ 1, 20);
  const changed = { ...sealed, sealed: body.toString('base64') };
  expect(() => box.open('vm-1', changed)).toThrow(/changed/);
  expect(() => seal({ ...parts, publicKey: 'AAAA' })).toThrow(/no public key/);
});
