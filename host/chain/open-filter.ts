// Opens a filter on a disk: gives it its context, whose timers report what they throw instead of
// ending the world.
import type { Clock, Timer } from '#lib/base/clock.ts';
import type {
  DaemonLine,
  FilterContext,
  FilterDefinition,
  FilterHooks,
  FilterLifecycle,
  PropertyValues,
} from '#lib/filter-sdk/filter.ts';
import type { KeyService } from '#lib/filter-sdk/key-service.ts';
import { Fault, type FaultName } from '#lib/model/fault.ts';
import type { FilterClass } from '#lib/model/filter-class.ts';
import type { OwnWork } from './own-work.ts';

/** What a filter needs before its disk is served must be there by then, in milliseconds. */
const READY_MS = 60_000;

/** A filter at work on one disk. */
export interface OpenFilter {
  readonly name: string;
  readonly class: FilterClass;
  readonly definition: FilterDefinition;
  /** Which code it is: the entry file's SHA-256. */
  readonly codeId: string;
  /** As the policy set them, without defaults. */
  properties: PropertyValues;
  readonly hooks: Partial<FilterHooks> & FilterLifecycle;
  /** What it does on its own: I/O below it, its sidecar. */
  readonly own: OwnWork;
  /** Its line to its daemon on this host, to be closed with it. */
  readonly line: FilterLine | null;
}

export interface FilterLine extends DaemonLine {
  close(): void;
}

export interface OpenFilterRequest {
  definition: FilterDefinition;
  codeId: string;
  /** From the policy; what is missing has the definition's default. */
  properties: PropertyValues;
  disk: FilterContext['disk'];
  storageId: FilterContext['storageId'];
  state: Uint8Array | null;
  clock: Clock;
  own: OwnWork;
  keys: KeyService;
  /** Null for a filter without a daemon. */
  line: FilterLine | null;
  flash: FilterContext['flash'];
  log: FilterContext['log'];
  raiseEvent: FilterContext['raiseEvent'];
  /** A timer's callback threw. */
  onTimerFault(filter: string, message: string): void;
}

/**
 * Throws `CannotOpenDisk` naming disk and filter when the filter refuses to open, `KeyNotAvailable`
 * when it lacks a key.
 */
export function openFilter(request: OpenFilterRequest): OpenFilter {
  const { definition, codeId, properties, disk, state, clock, own, line } = request;
  const context: FilterContext = {
    disk,
    storageId: request.storageId,
    properties: withDefaults(definition, properties),
    state,
    sidecar: own.sidecar,
    below: own.below,
    keys: request.keys,
    daemon: line,
    flash: request.flash,
    raiseEvent: request.raiseEvent,
    clock: filterClock(clock, (message) => request.onTimerFault(definition.name, message)),
    log: request.log,
  };
  try {
    const hooks = definition.open(context);
    const { name, class: filterClass } = definition;
    return { name, class: filterClass, definition, codeId, properties, hooks, own, line };
  } catch (cause) {
    line?.close();
    throw cannotOpen(definition, disk.id, cause);
  }
}

/**
 * Resolves when the filter has what it needs for the disk. Throws as `openFilter`; the filter is to
 * be closed then.
 */
export async function whenReady(filter: OpenFilter, diskId: string, clock: Clock): Promise<void> {
  const ready = filter.hooks.ready?.();
  if (ready === undefined) return;
  let giveUp: (thrown: Error) => void = () => undefined;
  const late = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const timer = clock.after(READY_MS, () => {
    giveUp(new Error(`it was not ready within ${READY_MS / 1000} s`));
  });
  try {
    await Promise.race([ready, late]);
  } catch (cause) {
    throw cannotOpen(filter.definition, diskId, cause);
  } finally {
    timer.cancel();
  }
}

function cannotOpen({ name }: FilterDefinition, diskId: string, cause: unknown): Fault {
  const message = `The filter ${name} cannot open the virtual disk ${diskId}: ${messageOf(cause)}`;
  const { fault, data } = whyNot(cause);
  return new Fault(fault, message, { cause, data: { ...data, filter: name, operation: 'open' } });
}

/** A key that is missing is told from all else: it can be brought. */
function whyNot(cause: unknown): { fault: FaultName; data: Fault['data'] } {
  const isKey = cause instanceof Fault && cause.fault === 'KeyNotAvailable';
  return isKey ? cause : { fault: 'CannotOpenDisk', data: {} };
}

/** Values for every property of the definition. */
export function withDefaults(
  definition: FilterDefinition,
  properties: PropertyValues,
): PropertyValues {
  return Object.fromEntries(
    definition.properties.map(({ name, default: value }) => [name, properties[name] ?? value]),
  );
}

function filterClock(
  clock: Clock,
  onTimerFault: (message: string) => void,
): FilterContext['clock'] {
  return {
    monotonic: () => clock.monotonic(),
    now: () => clock.now(),
    after(milliseconds: number, callback: () => void): Timer {
      return clock.after(milliseconds, () => {
        try {
          callback();
        } catch (thrown) {
          onTimerFault(messageOf(thrown));
        }
      });
    },
  };
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
