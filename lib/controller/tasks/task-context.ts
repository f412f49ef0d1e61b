// What a task's handler is given: its row's identity, the database, the hosts, and ways to report
// and to resume.
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import type { Json } from '../../base/json.ts';
import type { Random } from '../../base/random.ts';
import type { Transfer } from '../../model/transfer.ts';
import type { Agents } from '../agents/agent-client.ts';
import type { DepotLinks } from '../agents/depot-links.ts';
import type { Database } from '../database/client.ts';
import type { Depot } from '../depot/depot.ts';
import type { Sealer } from '../secrets/sealer.ts';

/** What the runner gives to every handler alike. */
export interface TaskServices {
  db: Database;
  agents: Agents;
  depot: DepotLinks;
  /** The depot's files, where this process reaches them: they are synchronised from URLs. */
  depotFiles?: Depot;
  /** Opens what the database keeps sealed. */
  sealer: Sealer;
  clock: Clock;
  random: Random;
  logger: Logger;
}

export interface TaskContext extends TaskServices {
  taskId: string;
  /** The key that the task shows: a migration by DRS is a Drm.ExecuteVMotionLRO. */
  operation: string;
  /** Who asked for the task: the initiator of its events. */
  initiator: string;
  /** Aborts when a user cancels, when the lease is lost, and when the controller shuts down. */
  signal: AbortSignal;
  /** Percent 0 to 100, what it is doing now in words, and how far the copy is that it makes. */
  progress(percent: number, step: string, transfer?: Transfer | null): Promise<void>;
  /** What the last checkpoint of an earlier run holds, or null. */
  checkpoint<T>(schema: z.ZodType<T>): T | null;
  /** Replaces the checkpoint; when it resolves it is on disk. */
  saveCheckpoint(value: Json): Promise<void>;
}

/**
 * Returns the task's result. Throws a Fault to fail it. Idempotent: it may be run again from its
 * checkpoint.
 */
export type TaskHandler<Input> = (context: TaskContext, input: Input) => Promise<Json | undefined>;
