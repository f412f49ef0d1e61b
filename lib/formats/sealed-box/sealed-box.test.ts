// Tests of the sealed box: nothing of what is in it is seen, and only the box that was meant opens
// it, for what was meant.
import { expect, test } from 'vitest';
import { systemRandom } from '../../base/system-random.ts';
import { SealedBox, sealText } from './sealed-box.ts';

const text = Buffer.from(systemRandom.bytes(32)).toString('base64');

test('a text comes out as it went in, of its own box and for its purpose alone', () => {
  const box = new SealedBox(systemRandom);
  const parts = { purpose: 'vm-1', text, publicKey: box.publicKey, random: systemRandom };
  const sealed = sealText(parts);
  expect(box.open('vm-1', sealed)).toBe(text);
  expect(JSON.stringify(sealed)).not.toContain(text);
  expect(sealText(parts).sealed).not.toBe(sealed.sealed);
  expect(() => box.open('vm-2', sealed)).toThrow(/another start/);
  expect(() => new SealedBox(systemRandom).open('vm-1', sealed)).toThrow(/another start/);
  const bytes = Buffer.from(sealed.sealed, 'base64');
  bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
  const changed = { ...sealed, sealed: bytes.toString('base64') };
  expect(() => box.open('vm-1', changed)).toThrow(/changed/);
  expect(() => sealText({ ...parts, publicKey: 'AAAA' })).toThrow(/no public key/);
});
