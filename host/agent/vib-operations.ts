// Installing and removing VIBs on this host, with the steps that the controller shows.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { randomHex } from '#lib/base/random.ts';
import { Fault, type Reason } from '#lib/model/fault.ts';
import type { InstalledVib } from '#lib/wire/agent/host-rpc.ts';
import { downloadVib } from '../image/download-vib.ts';
import type { HostAgent } from './host-agent.ts';
import type { ReportProgress } from './operations.ts';
import type { VmRunner } from './vm/vm-runner.ts';

const DOWNLOAD_LIMIT_MS = 240_000;
/** Shares of the bar, in percent: the download takes the longest. */
const DOWNLOADED = 70;
const VERIFIED = 85;

export interface VibToInstall {
  url: string;
  vibId: string;
  sha256: string;
  /** Takes the place of an older version; `FilterInUse` while a VM that runs uses it. */
  upgrade: boolean;
}

/** Throws the fault of the first reason against the VIB; the image is then as before. */
export async function installVib(
  agent: HostAgent,
  { url, vibId, sha256, upgrade }: VibToInstall,
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
    if (upgrade) requireNoneRunning(agent, vibId);
    const installed = await image.installVib({
      ...{ source: path, product: agent.product(), upgrade },
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
  if (filter) requireUnused(vms.list(), filter);
  await image.removeVib(vibId);
  host.revision.bump();
}

function requireUnused(runners: readonly VmRunner[], filter: string): void {
  const users = runners.filter((runner) => runner.usesFilter(filter));
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
}

/** A VM that is off has its disks opened by the new version when it is powered on. */
function requireNoneRunning({ image, vms }: HostAgent, vibId: string): void {
  const running = vms.list().filter(({ record }) => record.desired === 'poweredOn');
  const replaced = image.list().filter((vib) => vib.filter && isOlderVersion(vib, vibId));
  for (const { filter } of replaced) if (filter) requireUnused(running, filter.name);
}

/** Ids are `<vendor>_<type>_<name>_<version>`. */
function isOlderVersion({ id, descriptor }: InstalledVib, newId: string): boolean {
  const { vendor, type, name } = descriptor;
  return id !== newId && newId.startsWith(`${vendor}_${type}_${name}_`);
}
