// Wraps the filter on trial, inside its world: counts every moment at which something asynchronous
// reaches it, writes each into a journal, and ends the process with SIGKILL at the one that it was
// told. Its flash loses then what was not synchronized. It is bundled and put in front of the
// packaged module, which runs as it is.
import type {
  BelowIo,
  DaemonLine,
  DiskEvent,
  FilterContext,
  FilterDefinition,
  FilterHooks,
  FilterLifecycle,
  FilterSidecar,
  PropertyValues,
} from '#lib/filter-sdk/filter.ts';
import { withVolatileFlash } from './volatile-flash.ts';

/** The end comes at the so many-th point after arming; 0 disarms. */
export const CRASH_AT = 'certifyCrashAt';
/** As the number: no end, and a journal. */
export const COUNT_ONLY = -1;
/** The file of the journal: a line for each point. */
export const JOURNAL = 'certifyJournal';

const HOOKS = ['read', 'write', 'flush', 'trim', 'writeZeroes', 'prefetch', 'completed'] as const;

type Hooks = Partial<FilterHooks> & FilterLifecycle;
type Point = (name: string) => void;

let crashAt = 0;
let reached = 0;
let journal = '';

/** The same filter, with points. */
export function withCrashPoints(definition: FilterDefinition): FilterDefinition {
  const hidden = { label: '', help: '', type: 'integer' as const };
  const properties = [
    ...definition.properties,
    { ...hidden, name: CRASH_AT, default: 0 },
    { ...hidden, type: 'string' as const, name: JOURNAL, default: '' },
  ];
  const open = (context: FilterContext): Hooks => openWith(definition, context);
  if (definition.kind === 'total') {
    // A total filter has every hook, and so has what is made of them.
    return { ...definition, properties, open: open as typeof definition.open };
  }
  return { ...definition, properties, open };
}

function openWith(definition: FilterDefinition, context: FilterContext): Hooks {
  let last = arm(context.properties);
  point('open');
  const inner: Hooks = definition.open(surrounded(context, last));
  point('opened');
  const outer: Hooks = {
    setProperties(properties) {
      const before = last;
      last = arm(properties);
      if (JSON.stringify(before) === JSON.stringify(last)) return;
      point('setProperties');
      inner.setProperties?.(last);
    },
  };
  for (const name of HOOKS) {
    if (inner[name] === undefined) continue;
    outer[name] = (io) => {
      point(name === 'completed' ? `completed ${io.operation}` : name);
      return inner[name]?.(io);
    };
  }
  addLifecycle(outer, inner);
  return outer;
}

/** Only what the filter has: what it leaves out means something. */
function addLifecycle(outer: Hooks, inner: Hooks): void {
  if (inner.diskEvent) {
    outer.diskEvent = async (event: DiskEvent) => {
      const name = `${event.kind} ${event.phase}`;
      point(name);
      await inner.diskEvent?.(event);
      point(`${name} answered`);
    };
  }
  if (inner.progress) outer.progress = () => inner.progress?.() ?? null;
  if (inner.statistics) outer.statistics = () => inner.statistics?.() ?? {};
  if (inner.drain) {
    outer.drain = () => {
      point('drain');
      inner.drain?.();
    };
  }
  if (inner.saveState) {
    outer.saveState = () => {
      point('saveState');
      return inner.saveState?.() ?? new Uint8Array(0);
    };
  }
  outer.close = async () => {
    point('close');
    await inner.close?.();
    point('closed');
  };
}

/** What the filter does on its own has two points each: before it begins, and before it is told. */
function surrounded(context: FilterContext, properties: PropertyValues): FilterContext {
  const { below, sidecar, daemon, flash, clock } = context;
  return {
    ...context,
    properties,
    below: belowWith(below),
    sidecar: sidecarWith(sidecar),
    daemon: daemon && lineWith(daemon),
    flash: flash && withVolatileFlash(flash, point),
    clock: {
      monotonic: () => clock.monotonic(),
      now: () => clock.now(),
      after: (milliseconds, callback) =>
        clock.after(milliseconds, () => {
          point('timer');
          callback();
        }),
    },
  };
}

function belowWith(below: BelowIo): BelowIo {
  return {
    read: (offset, length) => own('own read', () => below.read(offset, length)),
    write: (offset, data, options) => own('own write', () => below.write(offset, data, options)),
    writeZeroes: (offset, length) => own('own zeroing', () => below.writeZeroes(offset, length)),
    trim: (offset, length) => own('own trim', () => below.trim(offset, length)),
    flush: () => own('own flush', () => below.flush()),
  };
}

function sidecarWith(sidecar: FilterSidecar): FilterSidecar {
  return {
    contents: sidecar.contents,
    write: (bytes) => own('sidecar', () => sidecar.write(bytes)),
  };
}

function lineWith(daemon: DaemonLine): DaemonLine {
  return {
    send: (message) => daemon.send(message),
    onMessage: (listener) =>
      daemon.onMessage((message) => {
        point('message of the daemon');
        listener(message);
      }),
    onState: (listener) =>
      daemon.onState((connected) => {
        point(connected ? 'daemon there' : 'daemon away');
        listener(connected);
      }),
  };
}

async function own<T>(name: string, work: () => Promise<T>): Promise<T> {
  point(`${name} begins`);
  try {
    return await work();
  } finally {
    point(`${name} ended`);
  }
}

/** Takes what is ours; returns what is the filter's. */
function arm(properties: PropertyValues): PropertyValues {
  const { [CRASH_AT]: at, [JOURNAL]: file, ...rest } = properties;
  if (Number(at) !== crashAt) reached = 0;
  crashAt = Number(at);
  journal = String(file);
  return rest;
}

const point: Point = (name) => {
  if (crashAt === 0) return;
  reached += 1;
  // Not imported: a filter's module has no imports.
  process.getBuiltinModule('node:fs').appendFileSync(journal, `${name}\n`);
  if (reached === crashAt) process.kill(process.pid, 'SIGKILL');
};
