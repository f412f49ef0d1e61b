// Encryption in real worlds under kill -9, during every kind of walk.
import { expect, test } from 'vitest';
import { encryptionKills } from './kill-loop.ts';

test('sixteen kills during walks lose nothing that was flushed', { timeout: 600_000 }, async () => {
  const { kills, inWalks } = await encryptionKills({ kills: 16, seed: 21 });
  expect(kills).toBe(16);
  expect(inWalks).toBeGreaterThan(0);
});
