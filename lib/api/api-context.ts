// What the REST face is given by its entry point: the seams to everything outside.
import type { Logger } from 'pino';
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Agents } from '../controller/agents/agent-client.ts';
import type { DepotLinks } from '../controller/agents/depot-links.ts';
import type { ChangeHub } from '../controller/changes/change-hub.ts';
import type { Database } from '../controller/database/client.ts';
import type { Depot } from '../controller/depot/depot.ts';
import type { SignInLimiter } from '../controller/sessions/sign-in-limiter.ts';
import type { VmList } from '../controller/vm-list/vm-list.ts';

export interface ApiContext {
  db: Database;
  clock: Clock;
  random: Random;
  logger: Logger;
  agents: Agents;
  limiter: SignInLimiter;
  changes: ChangeHub;
  vmList: VmList;
  depot: Depot;
  /** Folders whose files may be imported by their paths on the server. */
  importFolders: readonly string[];
  depotLinks: DepotLinks;
  /** Key of the links by which hosts fetch files of the depot. */
  depotSecret: Uint8Array;
  /** Base URL under which browsers and hosts reach the server. */
  publicUrl: string;
  /** Aborts when the server stops: open streams end then. */
  stopping: AbortSignal;
}
