// Tests of making filters' own work stand still: it waits, and not for ever.
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Clock } from '#lib/base/clock.ts';
import type { FilterDefinition } from '#lib/filter-sdk/filter.ts';
import { holdOwnWork } from './hold-own-work.ts';
import type { OpenFilter } from './open-filter.ts';
import { OwnWork } from './own-work.ts';

/** A filter that has just begun to write its sidecar, and how to end that. */
function busyFilter(name: string): {
  filter: OpenFilter;
  finish: () => void;
  written: () => number;
} {
  const endings: (() => void)[] = [];
  const own = new OwnWork({
    sizeBytes: () => 0,
    isServing: () => true,
    sidecarContents: null,
    writeSidecar: () => new Promise((resolve) => endings.push(resolve)),
  });
  own.release();
  own.sidecar.write(new Uint8Array(1)).catch(() => undefined);
  const definition: FilterDefinition = {
    ...{ kind: 'partial', safeBecause: 'a test', name, class: 'inspection', apiVersion: 1 },
    ...{ summary: '', properties: [], statistics: [], open: () => ({}) },
  };
  const filter: OpenFilter = {
    ...{ name, class: 'inspection', definition, codeId: '', properties: {}, hooks: {} },
    ...{ own, line: null },
  };
  const finish = (): void => {
    for (const end of endings.splice(0)) end();
  };
  return { filter, finish, written: () => endings.length };
}

function manualClock(): { clock: Clock; ring: () => void } {
  let callbacks: (() => void)[] = [];
  const after = (_: number, callback: () => void) => {
    callbacks.push(callback);
    return { cancel: () => undefined };
  };
  const ring = (): void => {
    const due = callbacks;
    callbacks = [];
    for (const callback of due) callback();
  };
  return { clock: { now: () => 0, monotonic: () => 0, after }, ring };
}

test('it is held when what was under way has ended', async () => {
  const { filter, finish, written } = busyFilter('one');
  await setImmediate();
  const held = holdOwnWork([filter], manualClock().clock);
  finish();
  await held;
  filter.own.sidecar.write(new Uint8Array(2)).catch(() => undefined);
  await setImmediate();
  expect(written()).toBe(0);
  filter.own.release();
  await setImmediate();
  expect(written()).toBe(1);
});

test('what does not end is named, and everything goes on', async () => {
  const [quick, stuck] = [busyFilter('quick'), busyFilter('stuck')];
  await setImmediate();
  quick.finish();
  const { clock, ring } = manualClock();
  const held = holdOwnWork([quick.filter, stuck.filter], clock);
  const refusal = expect(held).rejects.toMatchObject({
    fault: 'Timedout',
    message: 'What the I/O filter stuck began on its own does not end.',
  });
  await setImmediate();
  ring();
  await refusal;
  quick.filter.own.sidecar.write(new Uint8Array(2)).catch(() => undefined);
  await setImmediate();
  expect(quick.written()).toBe(1);
});
