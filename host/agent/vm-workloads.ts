// Starts a workload on a disk of a VM of this host, with the trace that it may play.

import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { randomHex } from '#lib/base/random.ts';
import { Fault } from '#lib/model/fault.ts';
import { MIB } from '#lib/model/limits.ts';
import type { Workload } from '#lib/model/workload.ts';
import type { HostAgent } from './host-agent.ts';

/** A vSCSI trace, in bytes: 100 million I/Os or so. */
const TRACE_BYTES_MAX = 4096 * MIB;
const DOWNLOAD_LIMIT_MS = 50_000;

export interface WorkloadRequest {
  vmId: string;
  diskKey: number;
  workload: Workload;
  traceUrl: string | null;
}

/**
 * Throws `InvalidPowerState` when the VM does not run here, `FileNotFound` when the trace cannot
 * be had.
 */
export async function startWorkload(
  { host, vms, workloads }: HostAgent,
  { vmId, diskKey, workload, traceUrl }: WorkloadRequest,
): Promise<{ workloadId: string }> {
  const runner = vms.require(vmId);
  const { spec } = runner.record;
  if (!runner.isRunning) {
    throw new Fault('InvalidPowerState', `The virtual machine ${spec.name} is not powered on.`);
  }
  const disk = spec.disks.find(({ key }) => key === diskKey);
  if (!disk) {
    throw new Fault('InvalidArgument', `${spec.name} has no disk with the key ${diskKey}.`);
  }
  const tracePath =
    workload.kind === 'trace' ? await fetchTrace({ host }, workload.traceId, traceUrl) : null;
  const { nbdSocketPath } = runner.places;
  const job = { nbdSocketPath, exportName: disk.unit, workload, tracePath };
  return { workloadId: await workloads.start({ vmId, diskKey, workload, job }) };
}

/** A trace that was fetched once stays: its id stands for its contents. */
async function fetchTrace(
  { host }: Pick<HostAgent, 'host'>,
  traceId: string,
  url: string | null,
): Promise<string> {
  if (!/^[a-z0-9-]{1,64}$/.test(traceId)) {
    throw new Fault('InvalidArgument', `"${traceId}" cannot be the id of a trace.`);
  }
  const path = join(host.paths.traces, `${traceId}.vscsi`);
  const present = await stat(path).catch(() => null);
  if (present) return path;
  if (url === null) throw new Fault('InvalidArgument', 'The workload names no URL of its trace.');
  const temporary = join(host.paths.downloads, randomHex(host.random, 8));
  const abort = new AbortController();
  const timer = host.clock.after(DOWNLOAD_LIMIT_MS, () => abort.abort());
  try {
    await download(url, temporary, abort.signal);
    await rename(temporary, path);
    return path;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('FileNotFound', `The trace ${traceId} could not be had: ${message}`, { cause });
  } finally {
    timer.cancel();
    await rm(temporary, { force: true });
  }
}

async function download(url: string, path: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal });
  if (!response.ok || !response.body) throw notFound(`the server answered ${response.status}`);
  let bytes = 0;
  const limited = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > TRACE_BYTES_MAX) throw notFound('it is too large');
      yield chunk;
    }
  };
  await pipeline(Readable.from(response.body), limited, createWriteStream(path), { signal });
}

function notFound(message: string): Fault {
  return new Fault('FileNotFound', message);
}
