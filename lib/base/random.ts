// Randomness as an argument. Entry points pass `systemRandom`; tests pass a seeded source.

export interface Random {
  /** Fresh unpredictable bytes. */
  bytes(length: number): Uint8Array;
}

/** Lower-case hexadecimal text of so many random bytes. */
export function randomHex(random: Random, byteLength: number): string {
  return Array.from(random.bytes(byteLength), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
}

/** A random (version 4) UUID in its usual text form, RFC 9562. */
export function randomUuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
