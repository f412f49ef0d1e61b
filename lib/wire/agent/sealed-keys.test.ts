// Tests of keys on their way to a host: nothing of them is seen, and only the host that was meant
// opens them, for the VM that was meant.
import { expect, test } from 'vitest';
import { systemRandom } from '../../base/system-random.ts';
import { KeyBox, sealKeys } from './sealed-keys.ts';

const value = Buffer.from(systemRandom.bytes(32)).toString('base64');
const keys = [{ provider: 'vault', keyId: 'key-1', value }];

test('keys come out as they went in, at the host and for the VM alone', () => {
  const box = new KeyBox(systemRandom);
  const parts = { vmId: 'vm-1', keys, publicKey: box.publicKey, random: systemRandom };
  const sealed = sealKeys(parts);
  expect(box.open('vm-1', sealed)).toEqual(keys);
  expect(JSON.stringify(sealed)).not.toContain(value);
  expect(sealKeys(parts).sealed).not.toBe(sealed.sealed);
  expect(() => box.open('vm-2', sealed)).toThrow(/another start/);
  expect(() => new KeyBox(systemRandom).open('vm-1', sealed)).toThrow(/another start/);
  const bytes = Buffer.from(sealed.sealed, 'base64');
  bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
  const changed = { ...sealed, sealed: bytes.toString('base64') };
  expect(() => box.open('vm-1', changed)).toThrow(/changed/);
  const nonsense = { ...parts, publicKey: 'AAAA' };
  expect(() => sealKeys(nonsense)).toThrow(/no key to seal/);
});
