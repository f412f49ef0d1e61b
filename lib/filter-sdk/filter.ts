// The contract between the framework and an I/O filter: all that a filter may know.
//
//   guest ──► filter 1 ──► filter 2 ──► … ──► virtual disk   way in: `read`, `write`, …
//   guest ◄── filter 1 ◄── filter 2 ◄── … ◄── virtual disk   way out: `completed`, in reverse
//
// Modelled after the public description of VMware's vSphere APIs for I/O Filtering; not compatible
// with its development kit. A filter is one ES module with a default export made by `defineFilter`.

import type { DaemonConnection, DaemonNetwork } from './daemon-network.ts';
import type { HostFlash } from './host-flash.ts';
import type { KeyService } from './key-service.ts';

/** Answer on the way in: go on to the next filter. Returning nothing means the same. */
export const PASS = 0;
/**
 * Answer on the way in: the I/O is done, nothing below sees it. Its data, for a read, are in the
 * buffer.
 */
export const COMPLETE = 1;
/** Answer on either way: the filter has taken a token with `io.defer()` and will answer by it. */
export const DEFER = 2;

/** Errors that a filter may give to the guest, as Linux numbers them. */
export const EIO = 5;
export const ENOSPC = 28;
export const ESHUTDOWN = 108;
export type IoError = typeof EIO | typeof ENOSPC | typeof ESHUTDOWN;

/**
 * What a hook returns. Nothing, PASS, COMPLETE or DEFER; or a negative errno (`-EIO`) to fail the
 * I/O. On a failure only the filters before this one are told, on the way out.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook without a return statement passes
export type Answer = void | typeof PASS | typeof COMPLETE | typeof DEFER | -5 | -28 | -108;

/** The token of a deferred I/O. Exactly one of its methods must be called, once. */
export interface Deferral {
  /** Go on: to the next filter (way in), or to the filter before (way out). */
  pass(): void;
  /** The I/O is done; way in only. */
  complete(): void;
  /** The I/O failed. */
  fail(error: IoError): void;
}

export type DiskOperation = 'read' | 'write' | 'flush' | 'trim' | 'writeZeroes' | 'prefetch';

/**
 * One I/O. The framework lends it to a hook: it, its buffer and every view of it are valid until
 * the hook returns, or, after `defer()`, until the token is answered. Keep a copy, never the
 * object.
 */
export interface DiskIo {
  readonly operation: DiskOperation;
  /** First byte on the disk. 0 for a flush. */
  readonly offset: number;
  /** Length in bytes. 0 for a flush. */
  readonly length: number;
  /** The guest asked for this write to be durable before it is answered (forced unit access). */
  readonly fua: boolean;
  /**
   * The data: of a write, what the guest wrote; of a read, where the answer goes (on the way out,
   * what was read). Empty for other operations. `length` bytes long. May be changed in place. Made
   * when first asked for.
   */
  readonly data: Uint8Array;
  /** On the way out: 0, or the error that the guest will see. */
  readonly error: number;
  /** Takes the token for a deferred answer; the hook must then return DEFER. */
  defer(): Deferral;
}

/** The hooks of a filter on one disk. Synchronous unless deferred: none may return a promise. */
export interface FilterHooks {
  read(io: DiskIo): Answer;
  write(io: DiskIo): Answer;
  flush(io: DiskIo): Answer;
  trim(io: DiskIo): Answer;
  writeZeroes(io: DiskIo): Answer;
  /** The guest expects to read this soon (NBD_CMD_CACHE). */
  prefetch(io: DiskIo): Answer;
  /**
   * The way out, in reverse order, for each I/O that this filter passed on. COMPLETE has no meaning
   * here.
   */
  completed(io: DiskIo): Answer;
}

/**
 * What happens to a disk as a whole. `snapshotRevert` and `relocate` replace what is below the
 * filter: by an older content, or by the same content elsewhere. `attach` and `detach` are told
 * when the disk joins or leaves the running VM; `detach` also, before its `close`, to a filter that
 * leaves the disk because a policy no longer names it, and instead of `done` it hears that `close`.
 */
export type DiskEventKind =
  | 'snapshotCreate'
  | 'snapshotRevert'
  | 'snapshotRemove'
  | 'grow'
  | 'clone'
  | 'migrate'
  | 'relocate'
  | 'attach'
  | 'detach'
  | 'reconfigure'
  | 'suspend'
  | 'resume'
  | 'reset'
  | 'powerOff';

/** One announcement. Each filter of the disk hears it in call order, guest first. */
export interface DiskEvent {
  readonly kind: DiskEventKind;
  /**
   * `prepare`: about to happen, I/O still flows. `frozen`: I/O stands still, nothing is in flight.
   * `done`: it has happened. `undone`: it has not, because a filter refused or something failed;
   * told, in reverse order, to those that were told `prepare`.
   */
  readonly phase: 'prepare' | 'frozen' | 'done' | 'undone';
  /** Of `grow`: the new size of the disk in bytes; otherwise the present one. */
  readonly sizeBytes: number;
  /** Of `snapshotCreate`: the guest, or the user, asked for a quiesced one. */
  readonly quiesced: boolean;
  /** Of `reconfigure`: the filters that the disk has then, in call order. */
  readonly filters?: readonly string[];
  /** Of `detach`: the filter leaves the disk, as opposed to the disk the VM. */
  readonly filterLeaves: boolean;
}

/** Operations on the disk and the filter's own life, all optional for every filter. */
export interface FilterLifecycle {
  /**
   * Something happens to the disk as a whole. A throw, or a rejection, in `prepare` or `frozen`
   * vetoes it, with the message as the reason that the user reads, and the disk stays as it was;
   * except for `reset`, `resume`, `powerOff` and what `frozen` says of `migrate`, where it counts
   * as a failure of the filter and stops nothing. The I/O of a `frozen` disk waits for the answer:
   * keep it short. An answer must come within 30 s, for `frozen` within 5 s; one that does not is
   * a veto as well.
   */
  diskEvent?(event: DiskEvent): void | Promise<void>;
  /**
   * Called once, after `open` and before the disk is served, without I/O of its own below: what
   * must be brought first is brought here. A rejection is as a throw of `open`. Within a minute.
   */
  ready?(): Promise<void>;
  /** New property values from a changed policy. Throw to refuse them; then nothing changes. */
  setProperties?(properties: PropertyValues): void;
  /** Numbers for the statistics that the definition names. Called about once a second. */
  statistics?(): Record<string, number>;
  /**
   * How far it is with what it does to the disk at length; null when it never does such a thing.
   * Called now and then.
   */
  progress?(): FilterProgress | null;
  /**
   * The framework is emptying the disk's chain, to rebuild, move or close it: no new I/O comes
   * until that is done. A filter that holds I/Os back for a policy's sake answers all of them now,
   * instead of when they are due. May be called several times, and I/O may go on afterwards.
   */
  drain?(): void;
  /**
   * The world is about to move to another host: no I/O is in flight and none will come. What is
   * returned is handed to `open` there as `state`, also to another version of the same filter. At
   * most 16 MiB.
   */
  saveState?(): Uint8Array;
  /**
   * The disk closes or the filter is detached: no I/O is in flight. Cancel timers, write back what
   * must be kept.
   */
  close?(): void | Promise<void>;
}

/** Work of minutes or hours on a disk, that goes on while the guest works. */
export interface FilterProgress {
  /** In words: `Encrypting`. */
  step: string;
  /** 0 to 100. */
  percent: number;
  /** The disk is as the properties want it. */
  done: boolean;
  /** What keeps it from going on; empty when nothing does. */
  trouble: string;
}

export type PropertyValues = Readonly<Record<string, number | boolean | string>>;

export interface FilterTimer {
  cancel(): void;
}

/**
 * What a filter keeps with one disk, durably: a file beside the descriptor, named in it. It follows
 * the disk through clone, snapshot (each has its own copy from then on) and migration, and goes
 * when the filter is detached. At most 16 MiB.
 */
export interface FilterSidecar {
  /** As it was when the disk was opened; null when the filter has never written one. */
  readonly contents: Uint8Array | null;
  /** Replaces the whole of it, atomically; resolves when it is durable. The bytes are copied. */
  write(bytes: Uint8Array): Promise<void>;
}

/**
 * The filter's own I/O. It enters the chain below the filter, so that neither it nor those before
 * it see it. It is ordered against the guest's I/O only by what the filter itself awaits. Ranges
 * are whole sectors within the disk. A rejection is an Error whose message names the errno.
 *
 * While the disk is `frozen` it is allowed until the filter has answered, so that it can write back
 * what it holds; await it before the answer. What is begun after that waits, as do writes of the
 * sidecar, until the operation is over. The same holds while the disk's filters are changed, and
 * from `open` until all filters of the disk are open. After `close` has ended all is rejected.
 */
export interface BelowIo {
  /** Resolves with a buffer that is the filter's to keep. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** The bytes must not change until it resolves. */
  write(offset: number, data: Uint8Array, options?: { fua?: boolean }): Promise<void>;
  writeZeroes(offset: number, length: number): Promise<void>;
  trim(offset: number, length: number): Promise<void>;
  flush(): Promise<void>;
}

/** The line to the filter's daemon on this host. Messages are kept in order and never split. */
export interface DaemonLine {
  /** At most 4 MiB. False when the line is full (64 MiB waiting) or the daemon is away. */
  send(message: Uint8Array): boolean;
  /** One listener. The bytes are the listener's to keep. */
  onMessage(listener: (message: Uint8Array) => void): void;
  /** Told at once with the present state, then of each change. */
  onState(listener: (connected: boolean) => void): void;
}

/** What the framework gives a filter when a disk opens. */
export interface FilterContext {
  readonly disk: { readonly id: string; readonly sizeBytes: number; readonly sectorBytes: number };
  /**
   * What the disk lies on at this moment: the same text for all disks of this host that share a
   * datastore. Another one after the storage was migrated; of no meaning on another host.
   */
  storageId(): string;
  /**
   * Values for every property of the definition; those that the policy does not name have their
   * defaults.
   */
  readonly properties: PropertyValues;
  /** What `saveState` gave on the host that the VM came from, or null. */
  readonly state: Uint8Array | null;
  readonly sidecar: FilterSidecar;
  readonly below: BelowIo;
  /** For a filter that encrypts. */
  readonly keys: KeyService;
  /** Null for a filter whose VIB brings no daemon. */
  readonly daemon: DaemonLine | null;
  /** Null on a host that has no virtual flash resource. */
  readonly flash: HostFlash | null;
  /**
   * Raises an event of the VM that an administrator sees, with the filter's name in front. At most
   * one a second for each filter and disk is kept.
   */
  raiseEvent(severity: 'info' | 'warning' | 'error', message: string): void;
  readonly clock: {
    /** Milliseconds since an arbitrary start; never goes back. */
    monotonic(): number;
    /** Wall time, milliseconds since the Unix epoch. */
    now(): number;
    /** Calls back once. A callback that throws counts as a failure of the filter. */
    after(milliseconds: number, callback: () => void): FilterTimer;
  };
  log(level: 'info' | 'warning' | 'error', message: string): void;
}

export interface PropertyDefinition {
  name: string;
  label: string;
  help: string;
  type: 'integer' | 'boolean' | 'string' | 'choice';
  unit?: string;
  minimum?: number;
  maximum?: number;
  choices?: { value: string; label: string }[];
  default: number | boolean | string;
  /** The controller sets it for each disk: no policy may, and no form shows it. */
  managed?: boolean;
  /** The text is the name of one of these, or empty for the default one: a form offers them. */
  namesOf?: 'keyProvider';
}

export interface StatisticDefinition {
  name: string;
  label: string;
  /** `counter` only grows and is shown as a rate; `gauge` is shown as it is. */
  kind: 'counter' | 'gauge';
  unit: string;
}

interface FilterIdentity {
  name: string;
  class:
    | 'inspection'
    | 'compression'
    | 'replication'
    | 'cache'
    | 'encryption'
    | 'dataProvider'
    | 'datastoreIoControl';
  apiVersion: 1;
  summary: string;
  properties: PropertyDefinition[];
  statistics: StatisticDefinition[];
}

/**
 * A filter that answers every operation: a new one in the SDK breaks its build instead of passing
 * it by.
 */
export interface TotalFilter extends FilterIdentity {
  kind: 'total';
  open(context: FilterContext): FilterHooks & FilterLifecycle;
}

/** A filter that sees some operations only, and says why it is safe to miss the others. */
export interface PartialFilter extends FilterIdentity {
  kind: 'partial';
  safeBecause: string;
  open(context: FilterContext): Partial<FilterHooks> & FilterLifecycle;
}

export type FilterDefinition = TotalFilter | PartialFilter;

/** The default export of a filter's module. */
export function defineFilter<Definition extends FilterDefinition>(
  definition: Definition,
): Definition {
  return definition;
}

export type { DaemonConnection, DaemonPeer, DaemonPsk } from './daemon-network.ts';

/** A disk on this host whose filter has opened its line. */
export interface DaemonDisk extends DaemonConnection {
  readonly diskId: string;
}

/** What the framework gives a daemon when it starts. */
export interface DaemonContext {
  readonly host: { readonly id: string; readonly name: string };
  readonly clock: FilterContext['clock'];
  log(level: 'info' | 'warning' | 'error', message: string): void;
  /** The host's virtual flash resource; absent on a host that never has one. */
  readonly flash?: HostFlash;
  /** Each disk of the host that runs the filter, from now on. */
  onDisk(listener: (disk: DaemonDisk) => void): void;
  readonly network: DaemonNetwork;
  /** The bytes compressed with zstd, on another thread; absent on a host that cannot. */
  compress?(bytes: Uint8Array): Promise<Uint8Array>;
}

/** A daemon of a filter: one process for each host, from the VIB's file `daemon.mjs`. */
export interface DaemonDefinition {
  /** The filter's. */
  name: string;
  apiVersion: 1;
  start(context: DaemonContext): DaemonHooks | Promise<DaemonHooks>;
}

export interface DaemonHooks {
  /** The host stops the daemon. */
  stop?(): void | Promise<void>;
}

/** The default export of a daemon's module. */
export function defineDaemon(definition: DaemonDefinition): DaemonDefinition {
  return definition;
}
