// Entry point of a workload's process. The job comes as JSON in the first argument; it tells its
// numbers twice a second over IPC, stops when the agent says so, and ends with the agent.
import { createReadStream } from 'node:fs';
import { type Clock, sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { readVscsi } from '#lib/formats/vscsi/vscsi.ts';
import { Fault, toFaultRecord } from '#lib/model/fault.ts';
import { generate, type IoSource, playTrace } from './io-source.ts';
import { NbdClient } from './nbd-client.ts';
import {
  NO_NUMBERS,
  type WorkloadJob,
  type WorkloadMessage,
  workloadJobSchema,
} from './workload-job.ts';
import { WorkloadRun } from './workload-run.ts';

const REPORT_MS = 500;

process.once('disconnect', () => process.exit(0));
const last = await runJob(workloadJobSchema.parse(JSON.parse(process.argv[2] ?? ''))).catch(
  (thrown: unknown): WorkloadMessage => {
    const { message } = toFaultRecord(thrown);
    return { state: 'failed', message, numbers: NO_NUMBERS };
  },
);
process.send?.(last, () => process.exit(0));

async function runJob(job: WorkloadJob): Promise<WorkloadMessage> {
  const client = await NbdClient.connect(job.nbdSocketPath, job.exportName);
  const { queueDepth, durationSeconds } = job.workload;
  const run = new WorkloadRun({
    client,
    source: sourceOf(job, client.sizeBytes),
    queueDepth,
    durationMs: durationSeconds * 1000,
    clock: systemClock,
    random: systemRandom,
  });
  process.on('message', () => run.stop());
  run.start();
  const over = new AbortController();
  void reportRegularly(run, systemClock, over.signal);
  const { state, message } = await run.ended;
  over.abort();
  return { state, message, numbers: run.numbers() };
}

function sourceOf({ workload, tracePath }: WorkloadJob, diskBytes: number): IoSource {
  if (workload.kind === 'generator') return generate(workload, diskBytes, systemRandom);
  if (tracePath === null) throw new Fault('InvalidArgument', 'The trace was not given.');
  return playTrace(readVscsi(createReadStream(tracePath)), diskBytes, workload.speed);
}

async function reportRegularly(run: WorkloadRun, clock: Clock, signal: AbortSignal) {
  while (!signal.aborted) {
    process.send?.({ state: 'running', message: '', numbers: run.numbers() });
    await sleep(clock, REPORT_MS, signal);
  }
}
