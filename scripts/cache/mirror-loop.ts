// Losses of a whole host under load, with all that it had on its flash: the disk is opened on the
// host that has the mirror of its log, or on a third one that fetches it, and all that was flushed
// must be there. Then the next host is lost.
import { WorldHarness } from '#host/world/world-harness.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { DiskLoad } from '#scripts/certify/lab/disk-load.ts';
import { Trial } from '#scripts/certify/lab/trial.ts';
import { DISK_BYTES, killUnderLoad, probeFilter, shippedFilter } from './kill-loop.ts';
import { MirrorHosts } from './mirror-hosts.ts';

const POLL_MS = 20;
/** A mirror must be there by then. */
const MIRROR_MS = 60_000;

export interface MirrorLoopOptions {
  /** Hosts that are lost. */
  losses: number;
  seed: number;
  /** Loses the peer, too, before every other loss, and has it come back. */
  losePeers?: boolean;
}

export interface MirrorLoopResult {
  losses: number;
  operations: number;
  peersLost: number;
}

/** Throws Failure at the first answer that no order of the I/O explains. */
export async function mirrorLoop(options: MirrorLoopOptions): Promise<MirrorLoopResult> {
  const harness = await WorldHarness.create();
  const hosts = await MirrorHosts.start(harness);
  try {
    return await onHosts(harness, hosts, options);
  } finally {
    await hosts.stop();
    await harness.dispose();
  }
}

async function onHosts(
  harness: WorldHarness,
  hosts: MirrorHosts,
  { losses, seed, losePeers = false }: MirrorLoopOptions,
): Promise<MirrorLoopResult> {
  const properties = { mode: 'writeBack', sizeMib: 8, logMib: 8, mirror: 'degrade' };
  const cache = { ...(await shippedFilter(harness, 'cache')), properties };
  const probe = await probeFilter(harness);
  const parts = { harness, probe, diskIndex: 0, sizeBytes: DISK_BYTES, checked: false };
  const trial = await Trial.start({ ...parts, filter: cache });
  const random = new XorShift(seed);
  const load = new DiskLoad(trial, random);
  let peersLost = 0;
  for (let round = 1; round <= losses; round++) {
    // The first write asks for the log, and with it for the mirror.
    await load.run({ operations: 50, depth: 4 });
    await mirrored(hosts);
    if (losePeers && round % 2 === 0) {
      peersLost += 1;
      await loseThePeer(load, hosts);
    }
    await killUnderLoad(trial, load, random);
    await hosts.loseHost({ toMirror: round % 3 === 0 });
    load.model.crash();
    await trial.reopen();
    await load.verify(`After the loss of host number ${round}, a read`);
    await hosts.bringBack();
  }
  await trial.stop();
  return { losses, operations: load.answered, peersLost };
}

/** The guest writes on meanwhile; then there is a mirror again. */
async function loseThePeer(load: DiskLoad, hosts: MirrorHosts): Promise<void> {
  const before = await hosts.mirrors();
  const writing = load.run({ operations: 400, depth: 4 });
  writing.catch(() => undefined);
  await hosts.losePeer();
  await writing;
  await hosts.bringBack();
  await mirrored(hosts, before);
}

async function mirrored(hosts: MirrorHosts, before: readonly string[] = []): Promise<void> {
  for (let waitedMs = 0; waitedMs < MIRROR_MS; waitedMs += POLL_MS) {
    const found = await hosts.mirrors();
    if (found.some((name) => !before.includes(name))) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`there is no mirror after ${MIRROR_MS / 1000} s`);
}
