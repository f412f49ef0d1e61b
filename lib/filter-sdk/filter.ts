// The contract between the framework and an I/O filter: all that a filter may know.
//
//   guest ──► filter 1 ──► filter 2 ──► … ──► virtual disk   way in: `read`, `write`, …
//   guest ◄── filter 1 ◄── filter 2 ◄── … ◄── virtual disk   way out: `completed`, in reverse
//
// Modelled after the public description of VMware's vSphere APIs for I/O Filtering; not compatible
// with its development kit. A filter is one ES module with a default export made by `defineFilter`.

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

/** Operations on the disk and the filter's own life, all optional for every filter. */
export interface FilterLifecycle {
  /** New property values from a changed policy. Throw to refuse them; then nothing changes. */
  setProperties?(properties: PropertyValues): void;
  /** Numbers for the statistics that the definition names. Called about once a second. */
  statistics?(): Record<string, number>;
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

export type PropertyValues = Readonly<Record<string, number | boolean | string>>;

export interface FilterTimer {
  cancel(): void;
}

/** What the framework gives a filter when a disk opens. */
export interface FilterContext {
  readonly disk: { readonly id: string; readonly sizeBytes: number; readonly sectorBytes: number };
  /**
   * Values for every property of the definition; those that the policy does not name have their
   * defaults.
   */
  readonly properties: PropertyValues;
  /** What `saveState` gave on the host that the VM came from, or null. */
  readonly state: Uint8Array | null;
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
