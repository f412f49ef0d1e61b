// Installing and removing VIBs on this host, with the steps that the controller shows.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { randomHex } from '#lib/base/random.ts';
import { Fault, type Reason } from '#lib/model/fault.ts';
import { downloadVib } from '../image/download-vib.ts';
import type { HostAgent } from './host-agent.ts';
import type { ReportProgress } from './operations.ts';

const DOWNLOAD_LIMIT_MS = 240_000;
/** Shares of the bar, in percent: the download takes the longest. */
const DOWNLOADED = 70;
const VERIFIED = 85;

export interface VibToInstall {
  url: string;
  vibId: string;
  sha256: string;
}

/** Throws the fault of the first reason against the VIB; the image is then as before. */
export async function installVib(
  agent: HostAgent,
  { url, vibId, sha256 }: VibToInstall,
  report: ReportProgress,
): Promise<{ vibId: string; alreadyInstalled: boolean }> {
  const { host, image } = agent;
  const present = image.list().find((vib) => vib.id === vibId && vib.sha256 === sha256);
  if (present) return { vibId, alreadyInstalled: true };
  const path = join(host.paths.downloads, `${randomHex(host.random, 8)}.vib`);
  try {
    report('downloading', 0);
    await downloadVib({
      ...{ url, sha256, path, clock: host.clock, timeoutMs: DOWNLOAD_LIMIT_MS },
      onProgress: (percent) => report('downloading', (percent * DOWNLOADED) / 100),
    });
    const installed = await image.installVib({
      source: path,
      product: agent.product(),
      onStep: (step) => report(step, step === 'verifying' ? DOWNLOADED : VERIFIED),
    });
    return { vibId: installed.vib.id, alreadyInstalled: installed.alreadyInstalled };
  } finally {
    await rm(path, { force: true });
    host.revision.bump();
  }
}

/** Idempotent. Throws `FilterInUse` naming the VMs while a disk of one uses the filter. */
export async function removeVib({ host, image, vms }: HostAgent, vibId: string): Promise<void> {
  const vib = image.list().find(({ id }) => id === vibId);
  if (!vib) return;
  const filter = vib.filter?.name;
  const users = vms.list().filter((runner) => filter && runner.usesFilter(filter));
  const reasons = users.map(
    ({ vmId, record }): Reason => ({
      fault: 'FilterInUse',
      message: `The virtual machine ${record.spec.name} uses the I/O filter ${filter}.`,
      remedy: 'Give its disks another storage policy, or move it to another host.',
      objects: [vmId],
    }),
  );
  const [first] = reasons;
  if (first) throw new Fault('FilterInUse', first.message, { reasons });
  await image.removeVib(vibId);
  host.revision.bump();
}
