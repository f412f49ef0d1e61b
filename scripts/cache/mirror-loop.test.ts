// Mirrors of the write-back log with real processes: whole hosts are lost under load, and so are
// those that have the mirrors.
import { expect, test } from 'vitest';
import { mirrorLoop } from './mirror-loop.ts';

/** Twenty by hand and more; few here, for each starts two processes. */
const LOSSES = Number(process.env.MIRROR_LOSSES ?? 4);
const PER_LOSS_MS = 60_000;

test('the loss of a host, with its flash, loses nothing that was flushed', {
  timeout: 120_000 + LOSSES * PER_LOSS_MS,
}, async () => {
  const { losses, peersLost } = await mirrorLoop({ losses: LOSSES, seed: 21, losePeers: true });
  expect(losses).toBe(LOSSES);
  expect(peersLost).toBe(Math.floor(LOSSES / 2));
});
